import TimeSeries

/// The names of a result's columns, as InfluxDB makes them up.
enum ColumnNames {
  /// An expression's own name: the function or the field, several joined by `_`.
  static func name(of expression: Expression) -> String {
    switch expression {
    case .reference(let name, _): return name
    case .call(let name, _): return name
    case .parenthesized(let inner): return name(of: inner)
    case .binary:
      var names: [String] = []
      collect(expression, into: &names)
      return names.joined(separator: "_")
    default: return ""
    }
  }

  private static func collect(_ expression: Expression, into names: inout [String]) {
    switch expression {
    case .reference(let name, _): names.append(name)
    case .call(let name, _): names.append(name)
    case .parenthesized(let inner): collect(inner, into: &names)
    case .binary(_, let a, let b):
      collect(a, into: &names)
      collect(b, into: &names)
    default: break
    }
  }

  /// Makes generated names distinct (`mean`, `mean_1`); aliases stand as they are.
  static func resolve(_ columns: [(alias: String?, name: String)]) -> [String] {
    var uses: [String: Int] = [:]
    for column in columns {
      if let alias = column.alias { uses[alias] = 1 }
    }
    return columns.map { column in
      if let alias = column.alias { return alias }
      guard var count = uses[column.name] else {
        uses[column.name] = 1
        return column.name
      }
      while uses["\(column.name)_\(count)"] != nil { count += 1 }
      let resolved = "\(column.name)_\(count)"
      uses[column.name] = count + 1
      uses[resolved] = 1
      return resolved
    }
  }
}

extension SelectStatement: CustomStringConvertible {
  /// The canonical text, without defaults.
  public var description: String {
    var text = "SELECT \(fields.map(\.description).joined(separator: ", "))"
    if let into { text += " INTO \(into)" }
    text += " FROM \(sources.map(\.description).joined(separator: ", "))"
    if let condition { text += " WHERE \(condition)" }
    text += Self.groupBy(interval, dimensions)
    if fill != .null { text += " \(fill)" }
    if descending { text += " ORDER BY time DESC" }
    for (keyword, count) in [
      ("LIMIT", limit), ("OFFSET", offset), ("SLIMIT", seriesLimit), ("SOFFSET", seriesOffset),
    ] {
      if let count { text += " \(keyword) \(count)" }
    }
    if let timeZone { text += " tz(\(quoteString(timeZone)))" }
    return text
  }

  /// ` GROUP BY …`; empty where nothing is grouped.
  static func groupBy(_ interval: Interval?, _ dimensions: [Dimension]) -> String {
    let parts = (interval.map { [$0.description] } ?? []) + dimensions.map(\.description)
    return parts.isEmpty ? "" : " GROUP BY " + parts.joined(separator: ", ")
  }
}

extension SelectStatement.Field: CustomStringConvertible {
  public var description: String {
    expression.description + (alias.map { " AS \(quoteIdentifier($0))" } ?? "")
  }

  /// The name that InfluxDB gives the column, before it numbers those that are equal: the alias,
  /// else the function or reference, else those in the expression joined by `_`. Empty for a
  /// literal.
  public var columnName: String {
    alias ?? expression.nameParts.joined(separator: "_")
  }
}

extension Expression {
  fileprivate var nameParts: [String] {
    switch self {
    case .reference(let name, cast: _), .call(let name, _): [name]
    case .binary(_, let left, let right): left.nameParts + right.nameParts
    case .parenthesized(let inner): inner.nameParts
    default: []
    }
  }
}

extension SelectStatement.Interval: CustomStringConvertible {
  public var description: String {
    let every = DurationLiteral.format(every)
    return offset == 0 ? "time(\(every))" : "time(\(every), \(DurationLiteral.format(offset)))"
  }
}

extension SelectStatement.Dimension: CustomStringConvertible {
  public var description: String {
    switch self {
    // Bare, this one would be taken for the function without its parentheses.
    case .tag("time"): "time::tag"
    case .tag(let name): quoteIdentifier(name)
    case .regex(let pattern): quoteRegex(pattern)
    case .all: "*"
    }
  }
}

extension SelectStatement.Fill: CustomStringConvertible {
  public var description: String {
    switch self {
    case .null: "fill(null)"
    case .none: "fill(none)"
    case .previous: "fill(previous)"
    case .linear: "fill(linear)"
    case .value(let value): "fill(\(value))"
    }
  }
}

extension Source: CustomStringConvertible {
  public var description: String {
    switch self {
    case .measurement(let name): name.description
    case .subquery(let select): "(\(select))"
    }
  }
}

extension MeasurementName: CustomStringConvertible {
  public var description: String {
    var text = ""
    if let database { text = quoteIdentifier(database) + "." }
    if let retentionPolicy { text += quoteIdentifier(retentionPolicy) }
    if !text.isEmpty { text += "." }
    switch name {
    case .literal(let name): return text + quoteIdentifier(name)
    case .regex(let pattern): return text + quoteRegex(pattern)
    case .backReference: return text + ":MEASUREMENT"
    }
  }
}

import TimeSeries

/// Column comparison with InfluxDB's rules: numbers compare by value whatever their type, unlike
/// types and null never compare as true.
enum Comparison {
  static func apply(_ op: BinaryOperator, _ a: Column, _ b: Column) -> [Bool] {
    let count = min(a.count, b.count)
    var result: [Bool]
    switch (a.values, b.values) {
    case (.integer(let x), .integer(let y)): result = compare(op, x, y)
    case (.unsigned(let x), .unsigned(let y)): result = compare(op, x, y)
    case (.string(let x), .string(let y)): result = strings(op, x, y)
    case (.boolean(let x), .boolean(let y)): result = booleans(op, x, y)
    case (.integer(let x), .unsigned(let y)):
      result = zip(x, y).map { holds(op, $0, $1) }
    case (.unsigned(let x), .integer(let y)):
      result = zip(x, y).map { holds(op, $0, $1) }
    case (.float(let x), .float(let y)): result = compare(op, x, y)
    case _ where Arithmetic.isNumeric(a.type) && Arithmetic.isNumeric(b.type):
      guard case .float(let x) = a.converted(to: .float).values,
        case .float(let y) = b.converted(to: .float).values
      else { return Array(repeating: false, count: count) }
      result = compare(op, x, y)
    default: return Array(repeating: false, count: count)
    }
    clearNulls(a.validity, in: &result)
    clearNulls(b.validity, in: &result)
    return result
  }

  static func clearNulls(_ validity: Validity?, in mask: inout [Bool]) {
    guard let validity else { return }
    for row in mask.indices where !validity[row] { mask[row] = false }
  }

  private static func compare<T: Comparable>(_ op: BinaryOperator, _ x: [T], _ y: [T]) -> [Bool] {
    switch op {
    case .equal: zip(x, y).map { $0 == $1 }
    case .notEqual: zip(x, y).map { $0 != $1 }
    case .less: zip(x, y).map { $0 < $1 }
    case .lessOrEqual: zip(x, y).map { $0 <= $1 }
    case .greater: zip(x, y).map { $0 > $1 }
    case .greaterOrEqual: zip(x, y).map { $0 >= $1 }
    default: Array(repeating: false, count: min(x.count, y.count))
    }
  }

  private static func holds(
    _ op: BinaryOperator, _ x: some BinaryInteger, _ y: some BinaryInteger
  ) -> Bool {
    switch op {
    case .equal: x == y
    case .notEqual: x != y
    case .less: x < y
    case .lessOrEqual: x <= y
    case .greater: x > y
    case .greaterOrEqual: x >= y
    default: false
    }
  }

  /// Strings have no order in the language: only equality.
  private static func strings(_ op: BinaryOperator, _ x: [String], _ y: [String]) -> [Bool] {
    switch op {
    case .equal: zip(x, y).map { $0 == $1 }
    case .notEqual: zip(x, y).map { $0 != $1 }
    default: Array(repeating: false, count: min(x.count, y.count))
    }
  }

  private static func booleans(_ op: BinaryOperator, _ x: [Bool], _ y: [Bool]) -> [Bool] {
    switch op {
    case .equal: zip(x, y).map { $0 == $1 }
    case .notEqual: zip(x, y).map { $0 != $1 }
    default: Array(repeating: false, count: min(x.count, y.count))
    }
  }
}

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
      result = zip(x, y).map { holds(op, Int128($0), Int128($1)) }
    case (.unsigned(let x), .integer(let y)):
      result = zip(x, y).map { holds(op, Int128($0), Int128($1)) }
    case (.float(let x), .float(let y)): result = compare(op, x, y)
    case (.integer(let x), .float(let y)): result = integers(op, x, y, areLeft: true)
    case (.unsigned(let x), .float(let y)): result = integers(op, x, y, areLeft: true)
    case (.float(let x), .integer(let y)): result = integers(op, y, x, areLeft: false)
    case (.float(let x), .unsigned(let y)): result = integers(op, y, x, areLeft: false)
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

  private static func holds<T: Comparable>(_ op: BinaryOperator, _ x: T, _ y: T) -> Bool {
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

  /// Compares integers with floats.
  private static func integers(
    _ op: BinaryOperator, _ integers: [some FieldInteger], _ floats: [Double], areLeft: Bool
  ) -> [Bool] {
    // Below 2⁵³ every integer is a float.
    guard floats.contains(where: { $0.magnitude >= 0x1p53 }) else {
      let integers = integers.map { Double($0) }
      return areLeft ? compare(op, integers, floats) : compare(op, floats, integers)
    }
    return zip(integers, floats).map { integer, float in
      let nearest = Double(integer)
      // What is equal once rounded is told apart by what was cut off.
      let order =
        nearest == float
        ? Double((Int128(integer) - Int128(float)).signum()) : nearest - float
      return holds(op, areLeft ? order : -order, 0)
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

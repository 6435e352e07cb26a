import Foundation
import TimeSeries

/// Column arithmetic with InfluxDB's type rules: division gives floats, dividing by zero gives
/// zero, an operation with null or with a non-number is null, and so is a float that is not finite.
/// An integer that does not fit its type is an error.
enum Arithmetic {
  /// The type of `a op b`, nil where the operation has no meaning.
  static func type(_ op: BinaryOperator, _ a: FieldType, _ b: FieldType) -> FieldType? {
    switch op {
    case .add, .subtract, .multiply, .modulo:
      switch (a, b) {
      case (.integer, .integer): .integer
      case (.unsigned, .unsigned), (.unsigned, .integer), (.integer, .unsigned): .unsigned
      case _ where isNumeric(a) && isNumeric(b): .float
      default: nil
      }
    case .divide: isNumeric(a) && isNumeric(b) ? .float : nil
    case .bitAnd, .bitOr, .bitXor:
      switch (a, b) {
      case (.integer, .integer): .integer
      case (.unsigned, .unsigned), (.unsigned, .integer), (.integer, .unsigned): .unsigned
      case (.boolean, .boolean): .boolean
      default: nil
      }
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .matches,
      .doesNotMatch:
      .boolean
    }
  }

  static func isNumeric(_ type: FieldType) -> Bool {
    type == .float || type == .integer || type == .unsigned
  }

  /// `a op b` row by row; null where either is.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func apply(_ op: BinaryOperator, _ a: Column, _ b: Column) throws -> Column {
    let count = min(a.count, b.count)
    guard let type = type(op, a.type, b.type) else { return Column(nulls: count, type: .float) }
    if type != .float, op != .divide { return try integers(op, a, b) }
    guard let x = a.doubles, let y = b.doubles else { return Column(nulls: count, type: type) }
    return finite(floats(op, x, y), intersection(a.validity, b.validity, count: count))
  }

  /// `a / b` in the type of the operands: of integers the integer part, zero where `b` is zero.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func quotient(_ a: Column, _ b: Column) throws -> Column {
    guard let type = type(.modulo, a.type, b.type), type != .float else {
      return try apply(.divide, a, b)
    }
    return try integers(.divide, a, b)
  }

  /// Operations on integers and booleans.
  private static func integers(_ op: BinaryOperator, _ a: Column, _ b: Column) throws -> Column {
    let count = min(a.count, b.count)
    let validity = intersection(a.validity, b.validity, count: count)
    let values: ColumnValues
    switch (a.values, b.values) {
    case (.integer(let x), .integer(let y)):
      values = .integer(try IntegerArithmetic.apply(op, x, y, validity))
    case (.unsigned(let x), .unsigned(let y)):
      values = .unsigned(try IntegerArithmetic.apply(op, x, y, validity))
    case (.unsigned(let x), .integer(let y)):
      values = .unsigned(try IntegerArithmetic.applyMixed(op, x, y, validity))
    case (.integer(let x), .unsigned(let y)):
      values = .unsigned(try IntegerArithmetic.applyMixed(op, x, y, validity))
    case (.boolean(let x), .boolean(let y)): values = .boolean(booleans(op, x, y))
    default: return Column(nulls: count, type: .float)
    }
    return Column(values, validity: validity)
  }

  /// A column in which NaN and infinity are null: JSON has no way to write them.
  static func finite(_ values: [Double], _ validity: Validity?) -> Column {
    guard values.contains(where: { !$0.isFinite }) else {
      return Column(.float(values), validity: validity)
    }
    var values = values
    var present = validity ?? Validity(count: values.count)
    for row in values.indices where !values[row].isFinite {
      present[row] = false
      values[row] = 0
    }
    return Column(.float(values), validity: present)
  }

  static func intersection(_ a: Validity?, _ b: Validity?, count: Int) -> Validity? {
    guard let a else { return b }
    guard let b else { return a }
    return Validity(words: zip(a.words, b.words).map { $0 & $1 }, count: count)
  }

  private static func floats(_ op: BinaryOperator, _ x: [Double], _ y: [Double]) -> [Double] {
    switch op {
    case .add: zip(x, y).map { $0 + $1 }
    case .subtract: zip(x, y).map { $0 - $1 }
    case .multiply: zip(x, y).map { $0 * $1 }
    case .divide: zip(x, y).map { $1 == 0 ? 0 : $0 / $1 }
    case .modulo: zip(x, y).map { fmod($0, $1) }
    default: x
    }
  }

  private static func booleans(_ op: BinaryOperator, _ x: [Bool], _ y: [Bool]) -> [Bool] {
    switch op {
    case .bitAnd: zip(x, y).map { $0 && $1 }
    case .bitOr: zip(x, y).map { $0 || $1 }
    case .bitXor: zip(x, y).map { $0 != $1 }
    default: x
    }
  }
}

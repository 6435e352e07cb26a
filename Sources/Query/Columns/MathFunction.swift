import Foundation
import TimeSeries

/// Functions of one row's values. A null argument gives null, and so does a result that is not
/// finite: JSON has no way to write it.
enum MathFunction: String, Sendable, Hashable {
  case abs, sin, cos, tan, asin, acos, atan, atan2, exp, log, ln, log2, log10, sqrt, pow, floor,
    ceil, round

  var argumentCount: Int {
    switch self {
    case .atan2, .pow, .log: 2
    default: 1
    }
  }

  /// The type of the result, nil where the argument is not a number.
  func type(of argument: FieldType) -> FieldType? {
    guard Arithmetic.isNumeric(argument) else { return nil }
    switch self {
    case .abs, .floor, .ceil, .round: return argument
    default: return .float
    }
  }

  /// - Throws: ``QueryError/overflow(_:_:)``
  func apply(_ arguments: [Column]) throws -> Column {
    guard let first = arguments.first, let type = type(of: first.type) else {
      return Column(nulls: arguments.first?.count ?? 0, type: .float)
    }
    if type != .float {
      guard self == .abs, case .integer(let values) = first.values else { return first }
      return Column(
        .integer(try values.map { try Int64(fitting: Int128($0.magnitude), "abs") }),
        validity: first.validity)
    }
    guard let x = first.doubles else { return first }
    var validity = first.validity
    let results: [Double]
    if argumentCount == 2 {
      guard arguments.count == 2, let y = arguments[1].doubles
      else { return Column(nulls: first.count, type: .float) }
      validity = Arithmetic.intersection(validity, arguments[1].validity, count: first.count)
      results = zip(x, y).map(binary)
    } else {
      results = x.map(unary)
    }
    return Arithmetic.finite(results, validity)
  }

  private func unary(_ x: Double) -> Double {
    switch self {
    case .abs: Foundation.fabs(x)
    case .sin: Foundation.sin(x)
    case .cos: Foundation.cos(x)
    case .tan: Foundation.tan(x)
    case .asin: Foundation.asin(x)
    case .acos: Foundation.acos(x)
    case .atan: Foundation.atan(x)
    case .exp: Foundation.exp(x)
    case .ln: Foundation.log(x)
    case .log2: Foundation.log2(x)
    case .log10: Foundation.log10(x)
    case .sqrt: Foundation.sqrt(x)
    case .floor: Foundation.floor(x)
    case .ceil: Foundation.ceil(x)
    case .round: x.rounded(.toNearestOrAwayFromZero)
    case .atan2, .pow, .log: x
    }
  }

  private func binary(_ x: Double, _ y: Double) -> Double {
    switch self {
    case .atan2: Foundation.atan2(x, y)
    case .pow: Foundation.pow(x, y)
    case .log: Foundation.log(x) / Foundation.log(y)
    default: x
    }
  }
}

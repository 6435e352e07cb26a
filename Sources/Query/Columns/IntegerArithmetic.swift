import TimeSeries

/// Arithmetic on the integers of columns, row by row. A result that does not fit is an error, unless
/// the row has no result.
enum IntegerArithmetic {
  /// `x op y` for operands of one type. Dividing by zero gives zero.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func apply<T: FieldInteger>(
    _ op: BinaryOperator, _ x: [T], _ y: [T], _ validity: Validity?
  ) throws -> [T] {
    switch op {
    case .add: try checked(op, x, y, validity) { $0.addingReportingOverflow($1) }
    case .subtract: try checked(op, x, y, validity) { $0.subtractingReportingOverflow($1) }
    case .multiply: try checked(op, x, y, validity) { $0.multipliedReportingOverflow(by: $1) }
    case .divide:
      try checked(op, x, y, validity) { $1 == 0 ? (0, false) : $0.dividedReportingOverflow(by: $1) }
    // The remainder of a division whose quotient does not fit is 0, which it reports.
    case .modulo: zip(x, y).map { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).0 }
    case .bitAnd: zip(x, y).map { $0 & $1 }
    case .bitOr: zip(x, y).map { $0 | $1 }
    case .bitXor: zip(x, y).map { $0 ^ $1 }
    default: x
    }
  }

  /// Looks for overflow once all is computed, so that the loop has no exit.
  @inline(__always)
  private static func checked<T: FieldInteger>(
    _ op: BinaryOperator, _ x: [T], _ y: [T], _ validity: Validity?,
    _ operation: (T, T) -> (partialValue: T, overflow: Bool)
  ) throws -> [T] {
    var overflows = false
    let results = zip(x, y).map { a, b in
      let (result, overflow) = operation(a, b)
      overflows = overflows || overflow
      return result
    }
    guard overflows else { return results }
    for row in results.indices where validity?[row] ?? true {
      guard !operation(x[row], y[row]).overflow else {
        throw QueryError.overflow("\(x[row]) \(op.rawValue) \(y[row])", T.fieldType)
      }
    }
    return results
  }

  /// `x op y` for operands of which one is signed and the other is not. The result is unsigned;
  /// bits are combined as they stand.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func applyMixed<T: FieldInteger, U: FieldInteger>(
    _ op: BinaryOperator, _ x: [T], _ y: [U], _ validity: Validity?
  ) throws -> [UInt64] {
    let bits = (
      x.map { UInt64(truncatingIfNeeded: $0) }, y.map { UInt64(truncatingIfNeeded: $0) }
    )
    let isBitwise = op == .bitAnd || op == .bitOr || op == .bitXor
    if isBitwise || !(x.contains { $0 < 0 } || y.contains { $0 < 0 }) {
      return try apply(op, bits.0, bits.1, validity)
    }
    return try zip(x, y).enumerated().map { row, pair in
      guard validity?[row] ?? true else { return 0 }
      let (a, b) = (Int128(pair.0), Int128(pair.1))
      let result: Int128 =
        switch op {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: b == 0 ? 0 : a / b
        case .modulo: b == 0 ? 0 : a % b
        default: a
        }
      return try UInt64(fitting: result, "\(a) \(op.rawValue) \(b) =")
    }
  }
}

import TimeSeries

/// A WHERE clause taken apart: the times that it lets through, and the rest.
///
/// `AND` intersects times and `OR` unites them, however they are nested. Where `OR` joins times with
/// conditions on tags or fields (`host = 'a' AND time > 1 OR host = 'b' AND time > 5`), ``times`` are
/// those that any row can have, and ``rest`` compares `time` as well.
struct TimeCondition {
  /// Rows at other times do not meet the condition.
  var times = TimeRanges.all
  /// What is left to be asked of rows at these times; nil if nothing is. It compares `time` only
  /// where ``mixed`` is set, and then with integers, nanoseconds since 1970.
  var rest: Expression?
  /// The first `OR` that joins times with conditions on tags or fields.
  var mixed: Expression?

  /// The bounds of ``times``; nil if there is none on that side. If no time meets the condition, the
  /// first is behind the last.
  var from: Timestamp? {
    guard let bounds = times.bounds else { return .max }
    return bounds.lowerBound == .min ? nil : bounds.lowerBound
  }
  var through: Timestamp? {
    guard let bounds = times.bounds else { return .min }
    return bounds.upperBound == .max ? nil : bounds.upperBound
  }

  /// Whether the condition says anything of `time`.
  var isOnTime: Bool { times != .all || mixed != nil }

  init(_ condition: Expression?, now: Timestamp, zone: ZoneClock?) throws {
    guard let condition else { return }
    self = try Self.split(condition, now: now, zone: zone)
  }

  private init() {}

  /// - Throws: ``QueryError`` that names ``mixed``, for what takes a range of time as a whole.
  func requireSeparateTimes(in part: String) throws {
    guard let mixed else { return }
    throw QueryError.invalid(
      "OR of time with other conditions is not supported in \(part): \(mixed)")
  }

  private static func split(
    _ expression: Expression, now: Timestamp, zone: ZoneClock?
  ) throws -> TimeCondition {
    var parts = TimeCondition()
    switch expression {
    case .parenthesized(let inner):
      parts = try split(inner, now: now, zone: zone)
      parts.rest = parts.rest.map(Expression.parenthesized)
    case .boolean:
      parts.rest = expression
    case .binary(.and, let left, let right):
      parts = try split(left, now: now, zone: zone)
      let other = try split(right, now: now, zone: zone)
      parts.times = parts.times.intersection(other.times)
      parts.rest = join(.and, parts.rest, other.rest)
      parts.mixed = parts.mixed ?? other.mixed
    case .binary(.or, let left, let right):
      let a = try split(left, now: now, zone: zone)
      let b = try split(right, now: now, zone: zone)
      parts.times = a.times.union(b.times)
      parts.mixed = a.mixed ?? b.mixed
      if a.times == b.times {
        // Rows at these times meet the side that asks nothing else.
        if let x = a.rest, let y = b.rest {
          parts.rest = .binary(.or, x, y)
        } else {
          parts.mixed = nil
        }
      } else if a.rest != nil || b.rest != nil {
        parts.rest = .binary(.or, a.whole, b.whole)
        parts.mixed = parts.mixed ?? expression
      }
    case .binary(let op, let left, let right):
      if left.isTime {
        parts.times = try times(op, timestamp(right, now: now, zone: zone))
      } else if right.isTime {
        parts.times = try times(op.mirrored, timestamp(left, now: now, zone: zone))
      } else if expression.mentionsTime {
        throw QueryError.invalid("time is only compared with a time: \(expression)")
      } else {
        parts.rest = expression
      }
    default: throw QueryError.invalid("invalid condition expression: \(expression)")
    }
    return parts
  }

  private static func join(
    _ op: BinaryOperator, _ a: Expression?, _ b: Expression?
  ) -> Expression? {
    guard let a, let b else { return a ?? b }
    return .binary(op, a, b)
  }

  /// Times and rest in one expression.
  private var whole: Expression {
    Self.join(.and, times == .all ? nil : times.condition, rest) ?? .boolean(true)
  }

  /// The times that a comparison of `time`, on its left, with another lets through.
  static func times(_ op: BinaryOperator, _ time: Timestamp) throws -> TimeRanges {
    switch op {
    case .greater: time == .max ? .none : TimeRanges(time + 1 ... .max)
    case .greaterOrEqual: TimeRanges(time ... .max)
    case .less: time == .min ? .none : TimeRanges(.min...time - 1)
    case .lessOrEqual: TimeRanges(.min...time)
    case .equal: TimeRanges(time...time)
    default: throw QueryError.invalid("invalid time comparison operator: \(op.rawValue)")
    }
  }

  private static func timestamp(
    _ literal: Expression, now: Timestamp, zone: ZoneClock?
  ) throws -> Timestamp {
    if case .parenthesized(let inner) = literal {
      return try timestamp(inner, now: now, zone: zone)
    }
    if case .string(let text) = literal {
      if let time = TimeLiteral.parse(text, zone: zone) { return try bounded(time, text: text) }
      if TimeReader.looksLikeDate(text) { throw QueryError.invalid("invalid timestamp string") }
      throw QueryError.invalid(
        "invalid operation: time and *influxql.StringLiteral are not compatible")
    }
    guard let value = nanoseconds(literal, now: now, zone: zone) else {
      throw QueryError.invalid(
        "invalid operation: time and \(literal.goTypeName) are not compatible")
    }
    return value
  }

  private static func bounded(_ time: TimeReader.Instant, text: String) throws -> Timestamp {
    switch time {
    case .before:
      throw QueryError.invalid("time \(text) underflows time literal")
    case .after: throw QueryError.invalid("time \(text) overflows time literal")
    case .at(let timestamp): return timestamp
    }
  }

  /// `now() - 1h`, `'2026-01-01' + 5m`, integers, durations.
  private static func nanoseconds(
    _ expression: Expression, now: Timestamp, zone: ZoneClock?
  ) -> Int64? {
    switch expression {
    case .integer(let value): return value
    case .duration(let value): return value
    case .number(let value): return saturatingInteger(value)
    case .parenthesized(let inner): return nanoseconds(inner, now: now, zone: zone)
    case .call("now", let arguments) where arguments.isEmpty: return now
    case .string(let text):
      if case .at(let timestamp)? = TimeLiteral.parse(text, zone: zone) { return timestamp }
      return nil
    case .binary(let op, let left, let right):
      guard let a = nanoseconds(left, now: now, zone: zone),
        let b = nanoseconds(right, now: now, zone: zone)
      else { return nil }
      let result: (partialValue: Int64, overflow: Bool)
      switch op {
      case .add: result = a.addingReportingOverflow(b)
      case .subtract: result = a.subtractingReportingOverflow(b)
      case .multiply: result = a.multipliedReportingOverflow(by: b)
      case .divide where b != 0: result = a.dividedReportingOverflow(by: b)
      default: return nil
      }
      return result.overflow ? nil : result.partialValue
    default: return nil
    }
  }
}

extension TimeRanges {
  /// Comparisons of `time`, balanced, so that many ranges do not nest deeply.
  fileprivate var condition: Expression { Self.condition(ranges[...]) }

  private static func condition(_ ranges: ArraySlice<ClosedRange<Timestamp>>) -> Expression {
    guard let first = ranges.first else { return .boolean(false) }
    guard ranges.count == 1 else {
      let middle = ranges.startIndex + ranges.count / 2
      return .parenthesized(
        .binary(.or, condition(ranges[..<middle]), condition(ranges[middle...])))
    }
    func bound(_ op: BinaryOperator, _ time: Timestamp) -> Expression {
      .binary(op, .reference("time", cast: nil), .integer(time))
    }
    if first.lowerBound == .min { return bound(.lessOrEqual, first.upperBound) }
    if first.upperBound == .max { return bound(.greaterOrEqual, first.lowerBound) }
    return .binary(
      .and, bound(.greaterOrEqual, first.lowerBound), bound(.lessOrEqual, first.upperBound))
  }
}

extension Expression {
  /// `time`, in parentheses or not.
  var isTime: Bool {
    switch self {
    case .reference(let name, _): name.lowercased() == "time"
    case .parenthesized(let inner): inner.isTime
    default: false
    }
  }

  fileprivate var mentionsTime: Bool {
    switch self {
    case .binary(_, let left, let right): left.mentionsTime || right.mentionsTime
    case .call(_, let arguments): arguments.contains(where: \.mentionsTime)
    case .parenthesized(let inner): inner.mentionsTime
    default: isTime
    }
  }
}

extension BinaryOperator {
  /// The operator with its sides swapped.
  var mirrored: BinaryOperator {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }
}

import Foundation
import TimeSeries

/// A WHERE clause taken apart: the time range it asks for, and the rest.
///
/// As in InfluxDB every comparison of `time`, under OR too, narrows one range: there is no OR of
/// time ranges.
struct TimeCondition {
  var from: Timestamp?
  var through: Timestamp?
  /// What is left, nil where nothing is.
  var rest: Expression?

  init(_ condition: Expression?, now: Timestamp, zone: TimeZone?) throws {
    guard let condition else { return }
    self = try Self.split(condition, now: now, zone: zone)
  }

  private init() {}

  private static func split(
    _ expression: Expression, now: Timestamp, zone: TimeZone?
  ) throws -> TimeCondition {
    switch expression {
    case .parenthesized(let inner):
      var parts = try split(inner, now: now, zone: zone)
      parts.rest = parts.rest.map(Expression.parenthesized)
      return parts
    case .boolean:
      var parts = TimeCondition()
      parts.rest = expression
      return parts
    case .binary(let op, let left, let right) where op == .and || op == .or:
      var parts = try split(left, now: now, zone: zone)
      let other = try split(right, now: now, zone: zone)
      if let from = other.from { parts.from = max(from, parts.from ?? from) }
      if let through = other.through { parts.through = min(through, parts.through ?? through) }
      switch (parts.rest, other.rest) {
      case (let a?, let b?): parts.rest = .binary(op, a, b)
      case (nil, let b): parts.rest = b
      default: break
      }
      return parts
    case .binary(let op, let left, let right):
      if isTime(left) { return try range(op, right, now: now, zone: zone) }
      if isTime(right) { return try range(op.mirrored, left, now: now, zone: zone) }
      var parts = TimeCondition()
      parts.rest = expression
      return parts
    default: throw QueryError.invalid("invalid condition expression: \(expression)")
    }
  }

  private static func isTime(_ expression: Expression) -> Bool {
    if case .reference(let name, _) = expression { return name.lowercased() == "time" }
    return false
  }

  private static func range(
    _ op: BinaryOperator, _ literal: Expression, now: Timestamp, zone: TimeZone?
  ) throws -> TimeCondition {
    let time = try timestamp(literal, now: now, zone: zone)
    var parts = TimeCondition()
    switch op {
    case .greater: parts.from = time == .max ? time : time + 1
    case .greaterOrEqual: parts.from = time
    case .less: parts.through = time == .min ? time : time - 1
    case .lessOrEqual: parts.through = time
    case .equal:
      parts.from = time
      parts.through = time
    default: throw QueryError.invalid("invalid time comparison operator: \(op.rawValue)")
    }
    return parts
  }

  private static func timestamp(
    _ literal: Expression, now: Timestamp, zone: TimeZone?
  ) throws -> Timestamp {
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
    _ expression: Expression, now: Timestamp, zone: TimeZone?
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

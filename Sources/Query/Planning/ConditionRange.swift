import TimeSeries

/// A condition taken apart: the time range it asks for, and the rest of it.
public struct ConditionRange: Sendable, Hashable {
  /// The first and the last time; nil where there is no such bound.
  public var from: Timestamp?
  public var through: Timestamp?
  /// What is asked of tags and fields; nil where nothing is.
  public var rest: Expression?

  /// - Throws: ``QueryError`` for what is not a condition.
  public init(_ condition: Expression?, now: Timestamp) throws {
    let parts = try TimeCondition(condition, now: now, zone: nil)
    from = parts.from
    through = parts.through
    rest = parts.rest
  }

  /// The time that an expression means where a condition compares `time` with it.
  public static func time(_ expression: Expression, now: Timestamp) throws -> Timestamp {
    let range = try ConditionRange(
      .binary(.equal, .reference("time", cast: nil), expression), now: now)
    guard let time = range.from else { throw QueryError.invalid("no time: \(expression)") }
    return time
  }
}

import TimeSeries

/// A condition taken apart: the range that encloses the times it asks for, and the rest of it.
public struct ConditionRange: Sendable, Hashable {
  /// The first and the last time; nil where there is no such bound.
  public var from: Timestamp?
  public var through: Timestamp?
  /// What is asked of tags and fields; nil where nothing is.
  public var rest: Expression?

  /// Whether the condition says anything of `time`; ranges with gaps between them have bounds, too,
  /// unless they reach to both ends.
  public var isOnTime: Bool

  /// - Parameter statement: what an error calls the statement.
  /// - Throws: ``QueryError`` for what is not a condition, and where OR joins times with other
  ///   conditions: these have no range of their own.
  public init(_ condition: Expression?, now: Timestamp, statement: String) throws {
    let parts = try TimeCondition(condition, now: now, zone: nil)
    try parts.requireSeparateTimes(in: statement)
    from = parts.from
    through = parts.through
    rest = parts.rest
    isOnTime = parts.isOnTime
  }

  /// The time that an expression means where a condition compares `time` with it.
  public static func time(_ expression: Expression, now: Timestamp) throws -> Timestamp {
    let condition = Expression.binary(.equal, .reference("time", cast: nil), expression)
    guard let time = try TimeCondition(condition, now: now, zone: nil).from else {
      throw QueryError.invalid("no time: \(expression)")
    }
    return time
  }
}

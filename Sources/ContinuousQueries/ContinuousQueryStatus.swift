import TimeSeries

/// What SHOW CONTINUOUS QUERIES tells of one query.
public struct ContinuousQueryStatus: Sendable, Hashable {
  public var name: String
  public var database: String
  public var text: String
  /// End of the last run that succeeded; nil before the first.
  public var lastRun: Timestamp?
  /// Nanoseconds that the oldest change not yet computed has waited; 0 when up to date.
  public var lag: Int64
  public var pointsWritten: Int
  /// Of the last run; nil if it succeeded.
  public var lastError: String?
}

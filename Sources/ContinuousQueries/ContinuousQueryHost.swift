import Query
import TimeSeries

/// What continuous queries need of a database: the narrow seam that lets them run over this
/// package's store or another engine.
public protocol ContinuousQueryHost: Sendable {
  /// Wall clock, nanoseconds.
  var now: Timestamp { get }
  /// Computes a query over some of its buckets; the rows are in the store when this returns.
  ///
  /// - Parameter replaced: where derived rows that the results do not have are to be removed; nil
  ///   where there can be none.
  /// - Returns: points written.
  /// - Throws: ``ContinuousQueryError/unreadable(_:)`` for rows that cannot be read, which
  ///   ``unreadableRanges(of:)`` has from then on.
  func materialize(
    _ query: ContinuousQuery, over range: Range<Timestamp>, replacing replaced: Range<Timestamp>?
  ) throws -> Int
  /// Nanoseconds of raw data before a bucket that the bucket's result depends on: 0 for ordinary
  /// aggregates, (window − 1) intervals for model functions, the quiet intervals of episodes().
  func lookback(of select: SelectStatement, in database: String) throws -> Int64
  /// Measurements beside those in FROM whose rows change results, though no result comes from them:
  /// the lifecycle events of models. Each with the nanoseconds after a row in which buckets depend
  /// on it.
  func furtherSources(
    of select: SelectStatement, in database: String
  ) throws -> [MeasurementSelection: Int64]
  /// The retention policies of a database, the one of names without one first; nil if the database
  /// does not exist.
  func retentionPolicies(of database: String) -> [String]?
  /// First and last time of the data in some measurements; nil if they have none.
  func timeRange(of source: MeasurementSelection) throws -> ClosedRange<Timestamp>?
  /// The time of the first row of some measurements that is not before `from`, or an earlier time
  /// that is not before `from` either; nil if there is no row.
  func firstTime(of source: MeasurementSelection, from: Timestamp) throws -> Timestamp?
  /// Where some measurements may have rows that cannot be read, and why.
  func unreadableRanges(of source: MeasurementSelection) -> [UnreadableRange]

  /// Stored definitions of every database, name by name.
  func loadContinuousQueries() throws -> [StoredContinuousQuery]
  /// Durable when this returns; replaces one of the same name.
  func store(_ query: StoredContinuousQuery) throws
  func removeContinuousQuery(name: String, database: String) throws
}

/// A range of time with rows that cannot be read.
public struct UnreadableRange: Sendable, Hashable {
  public var timeRange: ClosedRange<Timestamp>
  public var reason: String

  public init(timeRange: ClosedRange<Timestamp>, reason: String) {
    self.timeRange = timeRange
    self.reason = reason
  }
}

/// A continuous query as it is kept on disk (JSON, see FORMAT.md).
public struct StoredContinuousQuery: Sendable, Hashable, Codable {
  public var name: String
  public var database: String
  /// `CREATE CONTINUOUS QUERY …`.
  public var text: String
  /// Stretches that were still to be computed when this was written, as pairs of nanoseconds.
  public var pending: [[Int64]]
  /// When the query last ran without error.
  public var lastRun: Int64?

  public init(
    name: String, database: String, text: String, pending: [[Int64]], lastRun: Int64?
  ) {
    self.name = name
    self.database = database
    self.text = text
    self.pending = pending
    self.lastRun = lastRun
  }
}

import Query
import TimeSeries

/// What continuous queries need of a database: the narrow seam that lets them run over this
/// package's store or another engine.
public protocol ContinuousQueryHost: Sendable {
  /// Wall clock, nanoseconds.
  var now: Timestamp { get }
  /// Runs a `SELECT … INTO` of `database`; its rows are in the store when this returns.
  /// - Returns: points written.
  func materialize(_ select: SelectStatement, in database: String) throws -> Int
  /// Nanoseconds of raw data before a bucket that the bucket's result depends on: 0 for ordinary
  /// aggregates, (window − 1) intervals for model functions.
  func lookback(of select: SelectStatement, in database: String) throws -> Int64
  /// First and last time of the data in a measurement; nil where it has none.
  func timeRange(of source: ContinuousQuery.MeasurementReference) throws -> ClosedRange<Timestamp>?

  /// Stored definitions of every database, name by name.
  func loadContinuousQueries() throws -> [StoredContinuousQuery]
  /// Durable when this returns; replaces one of the same name.
  func store(_ query: StoredContinuousQuery) throws
  func removeContinuousQuery(name: String, database: String) throws
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

import TimeSeries

/// What a query reads from and writes to: the seam between the query engine and a store. The
/// store of this package is behind it, and a distributed engine can be.
public protocol QuerySource: Sendable {
  /// Sorted.
  var databases: [String] { get }
  /// The policies of a database, the default one first; nil where there is no such database.
  func retentionPolicies(of database: String) -> [RetentionPolicy]?
  /// Nil where there is no such database.
  func snapshot(of database: String) -> (any DatabaseSnapshot)?
  /// The write path of `SELECT … INTO`: the same that every other write takes.
  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  /// The model that `rl("name")` and its kin mean; nil where the database has none of that name.
  func model(named name: String, in database: String) throws -> (any ScoringModel)?
}

import ContinuousQueries
import Query
import Storage
import Synchronization
import TimeSeries

/// The store as the query engine sees it, and the one way that points take into it.
///
/// Its snapshots fail where rows cannot be read: what reads through it (continuous queries,
/// trainings) keeps its result. ``ReportingSource`` is for those who can be told instead.
final class DatabaseSource: QuerySource {
  let engine: StorageEngine
  let models: ModelRegistry
  /// Set once, when the service that listens has been made.
  private let listener = Mutex<ContinuousQueryScheduler?>(nil)

  init(engine: StorageEngine, models: ModelRegistry) {
    self.engine = engine
    self.models = models
  }

  func notify(_ scheduler: ContinuousQueryScheduler) {
    listener.withLock { $0 = scheduler }
  }

  var databases: [String] { engine.databases }

  func retentionPolicies(of database: String) -> [RetentionPolicy]? {
    engine.retentionPolicies(of: database)
  }

  func snapshot(of database: String) -> (any DatabaseSnapshot)? {
    engine.snapshot(of: database, damage: DamageReport(failure: .unreadableRows))
  }

  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  {
    guard let scheduler = listener.withLock({ $0 }), scheduler.isReading(from: database),
      let policy = retentionPolicy ?? engine.retentionPolicies(of: database)?.first?.name
    else { return try engine.write(batch, to: database, retentionPolicy: retentionPolicy) }
    let change = scheduler.beginWrite(batch, to: database, retentionPolicy: policy)
    // Whatever comes of it: a write that failed may be found later all the same.
    defer { if let change { scheduler.end(change) } }
    return try engine.write(batch, to: database, retentionPolicy: policy)
  }

  func model(named name: String, in database: String) throws -> (any ScoringModel)? {
    try models.model(named: name, in: database)
  }
}

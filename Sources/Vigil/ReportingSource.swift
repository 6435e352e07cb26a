import Query
import Storage
import TimeSeries

/// A source whose reads tell a report of damage, or fail, as the report says.
struct ReportingSource: ForwardingSource {
  let store: DatabaseSource
  let damage: DamageReport

  var base: any QuerySource { store }

  func snapshot(of database: String) -> (any DatabaseSnapshot)? {
    store.engine.snapshot(of: database, damage: damage)
  }

  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  {
    try store.write(batch, to: database, retentionPolicy: retentionPolicy)
  }
}

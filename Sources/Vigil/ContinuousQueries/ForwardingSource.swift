import Query
import TimeSeries

/// A source in front of another: what it does not do itself, the other does.
protocol ForwardingSource: QuerySource {
  var base: any QuerySource { get }
}

extension ForwardingSource {
  var databases: [String] { base.databases }

  func retentionPolicies(of database: String) -> [RetentionPolicy]? {
    base.retentionPolicies(of: database)
  }

  func snapshot(of database: String) -> (any DatabaseSnapshot)? { base.snapshot(of: database) }

  func model(named name: String, in database: String) throws -> (any ScoringModel)? {
    try base.model(named: name, in: database)
  }
}

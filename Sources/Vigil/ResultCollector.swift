import Query
import Synchronization

/// Gathers the results of a query.
final class ResultCollector: Sendable {
  private let results = Mutex<[StatementResult]>([])

  func add(_ result: StatementResult) { results.withLock { $0.append(result) } }

  var all: [StatementResult] { results.withLock { $0 } }
}

import Hummingbird
import Query
import Synchronization
import Vigil

/// A query that runs, or waits until it may, and the bytes of its response. Letting go of it stops the query.
final class QueryStream: Sendable {
  private let pipe = ResponsePipe()
  private let task: Task<Void, Never>

  /// - Parameter executor: where the task runs that waits for the query; nil is the shared pool.
  init(
    backend: any ServerBackend, text: String, database: String?, options: QueryOptions,
    encoder: sending QueryResponseEncoder, permits: WeightedSemaphore,
    executor: (any TaskExecutor)? = nil
  ) {
    let pipe = self.pipe
    let encoder = Mutex(encoder)
    task = Task(executorPreference: executor) {
      do {
        try await permits.withPermit(1) {
          try await backend.query(text, in: database, options: options) { result in
            if let chunk = encoder.withLock({ $0.append(result) }) { try pipe.push(chunk) }
          }
        }
        pipe.finish(with: encoder.withLock { $0.finish() })
      } catch {
        pipe.finish(.failure(error))
      }
    }
  }

  deinit { cancel() }

  /// Stops the query; the reader gets a CancellationError.
  func cancel() {
    task.cancel()
    pipe.cancel()
  }

  /// The next bytes of the response, nil at the end; throws what the query threw.
  func next() async throws -> ByteBuffer? {
    try await withTaskCancellationHandler {
      try await pipe.next()
    } onCancel: {
      cancel()
    }
  }
}

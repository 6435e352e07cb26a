import Hummingbird
import Logging
import Query
import Synchronization
import Vigil

/// Work that runs, or waits until it may, and the bytes of its response. Letting go of it stops the
/// work.
final class ResponseStream: Sendable {
  private let pipe: ResponsePipe
  private let task: Task<Void, Never>

  /// - Parameters:
  ///   - permit: held while the work is done.
  ///   - executor: where the task runs that waits for the work; nil is the shared pool.
  ///   - produce: pushes the response into the pipe, and returns how it ends.
  init(
    permit: WorkPermit, executor: (any TaskExecutor)? = nil,
    produce: @escaping @Sendable (ResponsePipe) async throws -> ByteBuffer
  ) {
    let pipe = ResponsePipe(waiting: permit)
    self.pipe = pipe
    task = Task(executorPreference: executor) {
      do {
        pipe.finish(with: try await permit.hold { try await produce(pipe) })
      } catch {
        pipe.finish(.failure(error))
      }
    }
  }

  /// The response to a query.
  convenience init(
    backend: any ServerBackend, text: String, database: String?, options: QueryOptions,
    encoder: sending QueryResponseEncoder, permit: WorkPermit,
    executor: (any TaskExecutor)? = nil
  ) {
    let encoder = Mutex(encoder)
    self.init(permit: permit, executor: executor) { pipe in
      try await backend.query(text, in: database, options: options) { result in
        if let chunk = encoder.withLock({ $0.append(result) }) { try pipe.push(chunk) }
      }
      return encoder.withLock { $0.finish() }
    }
  }

  deinit { cancel() }

  /// Stops the work; the reader gets a CancellationError.
  func cancel() {
    task.cancel()
    pipe.cancel()
  }

  /// The next bytes of the response, nil at the end; throws what the work threw.
  func next() async throws -> ByteBuffer? {
    try await withTaskCancellationHandler {
      try await pipe.next()
    } onCancel: {
      cancel()
    }
  }

  /// The response's body, of which `first` was read already.
  func body(from first: ByteBuffer?, logger: Logger) -> ResponseBody {
    ResponseBody { writer in
      do {
        var chunk = first
        while let bytes = chunk {
          try await writer.write(bytes)
          chunk = try await self.next()
        }
        try await writer.finish(nil)
      } catch {
        // The status is sent; that the response is not whole shows in that it has no end.
        self.cancel()
        logger.debug("response stopped", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }
}

import Synchronization

/// What threads that run at once threw.
final class SharedFailures: Sendable {
  private let errors = Mutex<[any Error]>([])

  func add(_ error: any Error) { errors.withLock { $0.append(error) } }

  var first: (any Error)? { errors.withLock { $0.first } }
}

import Synchronization

/// Damage found while the store was opened or read, each once.
final class ProblemList: Sendable {
  /// A damaged store that is read over and over must not fill the memory with its complaints.
  static let limit = 10_000

  private let list = Mutex<[StorageError]>([])

  var all: [StorageError] { list.withLock { $0 } }

  func add(_ problem: StorageError) {
    list.withLock { list in
      if list.count < Self.limit, !list.contains(problem) { list.append(problem) }
    }
  }

  func add(_ problems: [StorageError]) { problems.forEach(add) }

  /// Adds an error of any kind, as one about a path.
  func add(_ error: any Error, path: String) {
    add(.wrapping(error, path: path))
  }
}

import Dispatch
import Synchronization

/// Runs independent pieces of work on several threads; results come in order, so nothing that is
/// computed from them depends on timing.
enum Parallel {
  static func map<T: Sendable>(
    _ count: Int, isParallel: Bool, _ body: @Sendable (Int) throws -> T
  ) throws -> [T] {
    if !isParallel || count < 2 { return try (0..<count).map(body) }
    let slots = Mutex<[Result<T, any Error>?]>(Array(repeating: nil, count: count))
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = Result { try body(index) }
        slots.withLock { $0[index] = result }
      }
    }
    return try slots.withLock { try $0.compactMap { try $0?.get() } }
  }
}

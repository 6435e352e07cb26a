import Foundation
import Synchronization

/// Long computations on threads of their own, so that queries and writes keep theirs.
final class ParallelWork: Sendable {
  private let count: Int
  private let next = Atomic<Int>(0)
  private let body: @Sendable (Int) -> Void

  private init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    self.count = count
    self.body = body
  }

  static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Calls `body` for 0 ..< `count`, `width` at a time, and returns when all are done.
  static func perform(_ count: Int, width: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let work = ParallelWork(count, body)
    let done = DispatchGroup()
    for _ in 0..<min(count, width) {
      done.enter()
      let thread = Thread {
        work.run()
        done.leave()
      }
      thread.name = "training"
      thread.start()
    }
    done.wait()
  }

  private func run() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index)
    }
  }
}

import ContinuousQueries
import Foundation

/// Makes what continuous queries have pending durable before the store lets go of the log that
/// could tell it again.
///
/// The store flushes on a thread of its own from the moment it is open, which is before there is a
/// scheduler; a flush waits until ``attach(_:)`` says who to ask.
final class LogRetirement: @unchecked Sendable {
  private let condition = NSCondition()
  // Guarded by `condition`.
  private var isAttached = false
  private var scheduler: ContinuousQueryScheduler?

  /// Nil where opening failed, and nothing is to be kept.
  func attach(_ scheduler: ContinuousQueryScheduler?) {
    condition.withLock {
      self.scheduler = scheduler
      isAttached = true
      condition.broadcast()
    }
  }

  func willDiscardLog() throws {
    let scheduler = condition.withLock {
      while !isAttached { condition.wait() }
      return self.scheduler
    }
    try scheduler?.save()
  }
}

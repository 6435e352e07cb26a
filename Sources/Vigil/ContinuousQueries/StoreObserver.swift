import ContinuousQueries
import Foundation
import Storage

/// Makes what continuous queries have pending durable before the store does what nothing else would
/// tell of after a crash: letting go of a log, and deleting.
///
/// The store flushes on a thread of its own from the moment it is open, which is before there is a
/// scheduler; a flush waits until ``attach(_:)`` says who to ask.
final class StoreObserver: @unchecked Sendable {
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

  private var attached: ContinuousQueryScheduler? {
    condition.withLock {
      while !isAttached { condition.wait() }
      return scheduler
    }
  }

  func willDiscardLog() throws { try attached?.save() }

  func willDelete(_ notices: [WriteNotice]) throws -> @Sendable () -> Void {
    guard let scheduler = attached else { return {} }
    var changes: ContinuousQueryScheduler.Changes = [:]
    for notice in notices { changes[notice.source, default: []].append(notice.timeRange) }
    guard let change = try scheduler.beginDeletion(changes) else { return {} }
    return { scheduler.end(change) }
  }
}

extension WriteNotice {
  /// What changed, as continuous queries name it.
  var source: MeasurementReference {
    MeasurementReference(
      database: database, retentionPolicy: retentionPolicy, measurement: measurement)
  }
}

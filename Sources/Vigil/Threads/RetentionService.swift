import Foundation
import Logging
import Storage

/// Removes what retention policies no longer keep, once a minute.
final class RetentionService: @unchecked Sendable {
  private static let interval: TimeInterval = 60

  private let engine: StorageEngine
  private let logger: Logger
  private let condition = NSCondition()
  // Guarded by `condition`.
  private var isStopped = false

  init(engine: StorageEngine, logger: Logger) {
    self.engine = engine
    self.logger = logger
  }

  func start() {
    let thread = Thread { [self] in run() }
    thread.name = "retention"
    thread.start()
  }

  private func run() {
    while true {
      let isStopped = condition.withLock {
        let deadline = Date(timeIntervalSinceNow: Self.interval)
        while !self.isStopped, condition.wait(until: deadline) {}
        return self.isStopped
      }
      if isStopped { return }
      do {
        try engine.enforceRetention()
      } catch {
        logger.error("retention not enforced", metadata: ["error": "\(error)"])
      }
    }
  }

  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }
}

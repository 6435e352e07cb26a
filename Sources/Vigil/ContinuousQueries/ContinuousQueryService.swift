import ContinuousQueries
import Foundation
import Logging
import Query
import Storage
import Synchronization
import TimeSeries

/// The continuous queries of a database, and the thread that keeps them up to date.
final class ContinuousQueryService: Sendable {
  let source: DatabaseSource
  let scheduler: ContinuousQueryScheduler
  private let logger: Logger
  private let stopped = Atomic<Bool>(false)

  /// Seconds between looks at which queries are due; a tenth of it while there is much to do.
  private static let tick = 0.1

  /// Takes up the stored queries; damaged definitions are logged and left alone.
  init(source: DatabaseSource, clock: @escaping @Sendable () -> Timestamp, logger: Logger) throws {
    self.source = source
    self.logger = logger
    scheduler = ContinuousQueryScheduler(
      host: DatabaseHost(source: source, clock: clock, logger: logger))
    source.notify(scheduler)
    for problem in try scheduler.load() {
      logger.error("continuous query not taken up", metadata: ["problem": "\(problem)"])
    }
    // Their writers were told of success; whether the queries had computed them is not known.
    for notice in source.engine.recovered {
      scheduler.note([notice.timeRange], in: notice.source, at: clock())
    }
  }

  func start() {
    let thread = Thread { [self] in
      while !stopped.load(ordering: .relaxed) {
        let computed = scheduler.tick()
        Thread.sleep(forTimeInterval: computed ? Self.tick / 10 : Self.tick)
      }
    }
    thread.name = "continuous-queries"
    thread.start()
  }

  /// Waits for the piece of work at hand, and saves what is still to be done.
  func stop() {
    stopped.store(true, ordering: .relaxed)
    scheduler.stop()
    do {
      try scheduler.save()
    } catch {
      logger.error("state of continuous queries not saved", metadata: ["error": "\(error)"])
    }
  }
}

import ContinuousQueries
import Foundation
import Logging
import Query
import Synchronization
import TimeSeries

/// Trains models again as their statements say (`RETRAIN EVERY … OVER …`): one at a time, on one
/// thread, so that writes and continuous queries keep the other cores. Beside that it takes networks
/// of containers that are gone out of all models.
final class RetrainingService: Sendable {
  /// Seconds between looks at which models are due.
  private static let tick = 1.0
  /// Nanoseconds between looks at which networks are to go.
  private static let pruningInterval: Int64 = 3_600_000_000_000

  private let source: DatabaseSource
  private let scheduler: ContinuousQueryScheduler
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  private let limits: QueryContext.Limits
  private let running = Mutex(())
  private let stopped = Atomic<Bool>(false)
  /// Of the training under way.
  private let context = Mutex<QueryContext?>(nil)
  private let lastPruning = Mutex<Timestamp?>(nil)

  init(
    _ queries: ContinuousQueryService, limits: QueryContext.Limits,
    clock: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    source = queries.source
    scheduler = queries.scheduler
    self.limits = limits
    self.clock = clock
    self.logger = logger
  }

  func start() {
    let thread = Thread { [self] in
      while !stopped.load(ordering: .relaxed) {
        pruneDue()
        trainDue()
        Thread.sleep(forTimeInterval: Self.tick)
      }
    }
    thread.name = "retraining"
    thread.start()
  }

  /// Ends the training under way, which leaves its model as it was.
  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    context.withLock { $0?.cancel() }
    running.withLock { _ in }
  }

  /// Prunes every model (``ModelPruning``), at the start and then once an hour.
  func pruneDue() {
    running.withLock { _ in
      let now = clock()
      let isDue = lastPruning.withLock { last in
        if let last, last <= now, now - last < Self.pruningInterval { return false }
        last = now
        return true
      }
      guard isDue else { return }
      let pruning = ModelPruning(source: source, scheduler: scheduler, now: now)
      forEachModel { name, database in
        let metadata: Logger.Metadata = ["database": "\(database)", "model": "\(name)"]
        do {
          let count = try pruning.prune(name, in: database)
          guard count > 0 else { return }
          logger.info(
            "networks of gone groups removed",
            metadata: metadata.merging(["count": "\(count)"]) { $1 })
        } catch QueryError.cancelled {
          // Dropped just now.
        } catch {
          logger.error("model not pruned", metadata: metadata.merging(["error": "\(error)"]) { $1 })
        }
      }
    }
  }

  /// Trains every model that is due. One call at a time; a second waits.
  func trainDue() {
    running.withLock { _ in
      forEachModel { name, database in
        // A model that cannot be read says so where it is used and listed.
        guard let model = try? source.models.model(named: name, in: database),
          let schedule = model.statement.schedule, isDue(model, schedule, in: database)
        else { return }
        train(model, schedule, in: database)
      }
    }
  }

  private func forEachModel(_ body: (_ name: String, _ database: String) -> Void) {
    for database in source.databases {
      for name in (try? source.models.names(in: database)) ?? []
      where !stopped.load(ordering: .sequentiallyConsistent) {
        body(name, database)
      }
    }
  }

  private func isDue(
    _ model: VersionedModel, _ schedule: CreateModelStatement.Schedule, in database: String
  ) -> Bool {
    let now = clock()
    let name = model.statement.name
    guard source.models.trainings(in: database)[name] == nil else { return false }
    if let failure = source.models.failure(of: name, in: database) {
      return failure.isDue(at: now)
    }
    // A model from a file is given its time, however long ago it was trained elsewhere.
    let latest = max(model.newest.trained, model.newest.imported ?? .min)
    let (age, overflow) = now.subtractingReportingOverflow(latest)
    // A clock that is long before the training was put back, and the model must not wait for it.
    return overflow || age >= schedule.every || age <= -schedule.every
  }

  private func train(
    _ model: VersionedModel, _ schedule: CreateModelStatement.Schedule, in database: String
  ) {
    let context = QueryContext(now: clock(), limits: limits)
    self.context.withLock { $0 = context }
    defer { self.context.withLock { $0 = nil } }
    guard !stopped.load(ordering: .sequentiallyConsistent) else { return }
    let name = model.statement.name
    let run = TrainingRun(
      source: source, scheduler: scheduler, clock: clock, logger: logger, context: context,
      width: 1)
    let metadata: Logger.Metadata = ["database": "\(database)", "model": "\(name)"]
    do {
      let trained = try run.run(model.statement, in: database, after: model)
      logger.info(
        "model trained",
        metadata: metadata.merging(["groups": "\(trained.model.groups.count)"]) { $1 })
    } catch {
      // Cancelled: it is closing, or the model was dropped.
      if context.isCancelled { return }
      logger.error(
        "model not trained", metadata: metadata.merging(["error": "\(error)"]) { $1 })
      source.models.note(
        "\(error)", of: name, in: database, every: schedule.every, at: clock())
    }
  }
}

import ContinuousQueries
import Detection
import Logging
import Query
import TimeSeries

/// One training, from a statement to the version in force.
struct TrainingRun {
  let source: DatabaseSource
  let scheduler: ContinuousQueryScheduler
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  /// Cancelling it ends the training.
  let context: QueryContext
  var report: (@Sendable (TrainingProgress) -> Void)?
  /// Groups trained at a time.
  var width = ParallelWork.cores

  /// Trains, keeps the model, and lets the continuous queries that use it compute anew what the new
  /// version scores.
  ///
  /// - Parameters:
  ///   - previous: the version that is the newest; nil for a model that is new.
  ///   - since: when the new version comes into force; nil is when its training is done.
  /// - Returns: the model, and what the user is to be told.
  func run(
    _ create: CreateModelStatement, in database: String, after previous: VersionedModel?,
    since: Timestamp? = nil
  ) throws -> (model: DetectionModel, warnings: [String]) {
    var statement = create
    statement.database = database
    let status = ModelTrainingStatus(statement, context: context, report: report)
    let installation = VersionInstallation(
      source: source, scheduler: scheduler, database: database, status: status,
      previous: previous)
    let (model, warnings) = try installation.claiming {
      let trainer = ModelTrainer(
        source: source, database: database, status: status, previous: previous, width: width,
        isCancelled: { [context] in context.isCancelled })
      let outcome = try trainer.train(at: clock())
      let trained = clock()
      let model = try installation.install(
        outcome.specification, groups: outcome.groups, shared: outcome.shared, trained: trained,
        imported: previous?.newest.imported, since: since ?? trained)
      return (model, outcome.warnings)
    }
    for warning in warnings {
      logger.warning(
        "training",
        metadata: [
          "database": "\(database)", "model": "\(create.name)", "warning": "\(warning)",
        ])
    }
    return (model, warnings)
  }
}

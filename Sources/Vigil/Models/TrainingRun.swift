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
    let models = source.models
    guard models.begin(status, in: database) else {
      throw QueryError.invalid("model \(create.name) is being trained already")
    }
    defer { models.end(create.name, in: database) }
    guard try models.model(named: create.name, in: database)?.version == previous?.version else {
      throw QueryError.invalid("model \(create.name) was changed meanwhile")
    }
    let usesModel: (ContinuousQuery) -> Bool = { query in
      query.database == database
        && ModelReferences.names(in: query.statement.select).contains(create.name)
    }
    // A query may be there before its model is.
    if let mask = try EventMask(create) {
      try scheduler.refuseCycle(
        throughReading: ContinuousQuery.MeasurementReference(
          database: database, measurement: mask.measurement), where: usesModel)
    }
    let trainer = ModelTrainer(
      source: source, database: database, status: status, previous: previous, width: width,
      isCancelled: { [context] in context.isCancelled })
    let outcome = try trainer.train(at: clock())
    let trained = clock()
    // Continuous queries compute what is complete, so none has a row of the interval of `trained`.
    let grid = TimeGrid(every: statement.interval.every, offset: statement.interval.offset)
    let inForce = previous.map { _ in grid.floor(since ?? trained) }
    let older = try (previous?.versions ?? [])
      .filter { ($0.inForce ?? .min) < inForce ?? .min }
      .suffix(ModelOptions(statement).versions - 1)
    var specification = outcome.specification
    specification.annotations = TrainedModel.annotations(
      statement, version: (previous?.version ?? 0) + 1, trained: trained, inForce: inForce,
      older: Array(older))
    let model = try DetectionModel(
      specification: specification, groups: outcome.groups, shared: outcome.shared)
    try scheduler.invalidate(
      where: usesModel, from: inForce ?? .min,
      making: {
        // A DROP cancels it, and may have been too late for the training to notice.
        if context.isCancelled { throw QueryError.cancelled }
        try models.store(model, after: previous, in: database)
      })
    for warning in outcome.warnings {
      logger.warning(
        "training",
        metadata: [
          "database": "\(database)", "model": "\(create.name)", "warning": "\(warning)",
        ])
    }
    return (model, outcome.warnings)
  }
}

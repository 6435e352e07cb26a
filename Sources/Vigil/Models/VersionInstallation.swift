import ContinuousQueries
import Detection
import Query
import TimeSeries

/// The way of a new version of a model, trained or from a file, into force.
struct VersionInstallation {
  let source: DatabaseSource
  let scheduler: ContinuousQueryScheduler
  let database: String
  /// Has the version's statement. Cancelling its context ends the installation.
  let status: ModelTrainingStatus
  /// The version that is the newest; nil for a model that is new.
  let previous: VersionedModel?

  private var statement: CreateModelStatement { status.statement }

  /// Runs `body`, which makes the version and installs it, with nobody else at the model.
  func claiming<Result>(_ body: () throws -> Result) throws -> Result {
    let models = source.models
    let name = statement.name
    guard models.begin(status, in: database) else {
      throw QueryError.invalid("model \(name) is being trained already")
    }
    defer { models.end(name, in: database) }
    // Networks may have left it, which is no new version.
    let known = try models.model(named: name, in: database)
    guard known?.newest.model == previous?.newest.model else {
      throw QueryError.invalid("model \(name) was changed meanwhile")
    }
    // A query may be there before its model is.
    if let mask = try EventMask(statement) {
      try scheduler.refuseCycle(
        throughReading: DatabaseHost.events(mask, in: database), where: usesModel)
    }
    return try body()
  }

  /// Keeps the version, and lets the continuous queries that use the model compute anew what it
  /// scores.
  ///
  /// - Parameters:
  ///   - specification: its annotations are replaced.
  ///   - trained: when the training ended.
  ///   - imported: when the model came from a file.
  ///   - since: when it comes into force; a model that is new is in force for all of time.
  func install(
    _ specification: ModelSpecification, groups: [GroupModel], shared: [GroupModel],
    trained: Timestamp, imported: Timestamp?, since: Timestamp
  ) throws -> DetectionModel {
    // Continuous queries compute what is complete, so none has a row of the interval of `since`.
    let grid = BucketGrid(statement.interval, zone: nil)
    let inForce = previous.map { _ in grid.start(of: since) }
    let older = try (previous?.versions ?? [])
      .filter { ($0.inForce ?? .min) < inForce ?? .min }
      .suffix(ModelOptions(statement).versions - 1)
    var specification = specification
    specification.annotations = TrainedModel.annotations(
      statement, version: (previous?.version ?? 0) + 1, trained: trained, imported: imported,
      inForce: inForce, older: Array(older))
    let model = try DetectionModel(
      specification: specification, groups: groups, shared: shared)
    try scheduler.invalidate(where: usesModel, from: inForce ?? .min) {
      try source.models.store(model, after: previous, by: status.context, in: database)
    }
    return model
  }

  private func usesModel(_ query: ContinuousQuery) -> Bool {
    query.database == database
      && ModelReferences.names(in: query.statement.select).contains(statement.name)
  }
}

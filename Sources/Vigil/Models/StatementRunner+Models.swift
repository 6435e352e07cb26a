import Detection
import Query
import TimeSeries

/// CREATE MODEL and RETRAIN MODEL.
extension StatementRunner {
  func createModel(
    _ create: CreateModelStatement, _ messages: inout [StatementResult.Message]
  ) throws -> ResultSeries {
    let name = try existing(requiredDatabase(create.database))
    guard try database.models.model(named: create.name, in: name) == nil else {
      throw QueryError.invalid(
        "model already exists: \(create.name) (RETRAIN MODEL trains it again, DROP MODEL drops it)")
    }
    try database.models.check(name: create.name, in: name)
    return try train(create, in: name, after: nil, since: nil, &messages)
  }

  func retrainModel(
    _ model: String, in name: String, since: Expression?,
    _ messages: inout [StatementResult.Message]
  ) throws -> ResultSeries {
    let since = try since.map { try ConditionRange.time($0, now: context.now) }
    guard let known = try database.models.model(named: model, in: name) else {
      throw QueryError.modelNotFound(model)
    }
    return try train(known.statement, in: name, after: known, since: since, &messages)
  }

  private func train(
    _ create: CreateModelStatement, in name: String, after previous: VersionedModel?,
    since: Timestamp?, _ messages: inout [StatementResult.Message]
  ) throws -> ResultSeries {
    let run = TrainingRun(
      source: source, scheduler: scheduler, clock: database.configuration.clock,
      logger: database.configuration.logger, context: context, report: options.progress)
    let (model, warnings) = try run.run(create, in: name, after: previous, since: since)
    messages += warnings.map { StatementResult.Message(level: "warning", text: $0) }
    return Self.trainingTable(model)
  }

  /// What came of the training, group by group, then of the networks that groups share.
  private static func trainingTable(_ model: DetectionModel) -> ResultSeries {
    let groups = model.groups + model.shared
    let tags = model.specification.groupTags.indices.map { index in
      Column(.string(model.groups.map { $0.key[index] } + model.shared.map { _ in "" }))
    }
    let shared = Column(
      optional: model.groups.map { _ in nil } + model.shared.map { $0.key.first })
    let isSharing = model.specification.shareTag != nil
    return ResultSeries(
      name: model.specification.name,
      columnNames: model.specification.groupTags + (isSharing ? ["shared_by"] : []) + [
        "rows", "windows", "epochs", "loss", "validation_loss", "threshold",
      ],
      columns: tags + (isSharing ? [shared] : []) + [
        Column(.integer(groups.map { Int64($0.info.rows) })),
        Column(.integer(groups.map { Int64($0.info.trainingWindows) })),
        Column(.integer(groups.map { Int64($0.info.epochs) })),
        Column(.float(groups.map(\.info.trainingLoss))),
        Column(.float(groups.map(\.info.validationLoss))),
        Column(.float(groups.map(\.threshold))),
      ], hasTime: false)
  }
}

import ContinuousQueries
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
    return try train(create, version: 1, in: name, &messages)
  }

  func retrainModel(
    _ model: String, in name: String, _ messages: inout [StatementResult.Message]
  ) throws -> ResultSeries {
    guard let known = try database.models.model(named: model, in: name) else {
      throw QueryError.modelNotFound(model)
    }
    return try train(known.statement, version: known.version + 1, in: name, &messages)
  }

  /// Trains, keeps the model, and lets the continuous queries that use it compute anew.
  private func train(
    _ create: CreateModelStatement, version: Int, in name: String,
    _ messages: inout [StatementResult.Message]
  ) throws -> ResultSeries {
    var statement = create
    statement.database = name
    let status = ModelTrainingStatus(statement, context: context, report: options.progress)
    guard database.models.begin(status, in: name) else {
      throw QueryError.invalid("model \(create.name) is being trained already")
    }
    defer { database.models.end(create.name, in: name) }
    let trainer = ModelTrainer(
      source: source, database: name, status: status,
      isCancelled: { [context] in context.isCancelled })
    let usesModel: (ContinuousQuery) -> Bool = { query in
      query.database == name
        && ModelReferences.names(in: query.statement.select).contains(create.name)
    }
    // A query may be there before its model is.
    if let mask = try EventMask(create) {
      try scheduler.refuseCycle(
        throughReading: ContinuousQuery.MeasurementReference(
          database: name, measurement: mask.measurement), where: usesModel)
    }
    let (model, skipped) = try trainer.train(version: version, at: context.now)
    try scheduler.invalidate(
      where: usesModel, making: { try database.models.store(model, in: name) })
    messages += skipped.map {
      StatementResult.Message(level: "warning", text: "\($0.group): not trained: \($0.reason)")
    }
    return Self.trainingTable(model)
  }

  /// What came of the training, group by group.
  private static func trainingTable(_ model: DetectionModel) -> ResultSeries {
    let groups = model.groups
    return ResultSeries(
      name: model.specification.name,
      columnNames: model.specification.groupTags + [
        "rows", "windows", "epochs", "loss", "validation_loss", "threshold",
      ],
      columns: model.specification.groupTags.indices.map { index in
        Column(.string(groups.map { $0.key[index] }))
      } + [
        Column(.integer(groups.map { Int64($0.info.rows) })),
        Column(.integer(groups.map { Int64($0.info.trainingWindows) })),
        Column(.integer(groups.map { Int64($0.info.epochs) })),
        Column(.float(groups.map(\.info.trainingLoss))),
        Column(.float(groups.map(\.info.validationLoss))),
        Column(.float(groups.map(\.threshold))),
      ], hasTime: false)
  }
}

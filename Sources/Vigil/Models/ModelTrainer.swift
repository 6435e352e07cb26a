import Detection
import Query
import Synchronization
import TimeSeries

/// Trains a model from what a database holds: reads the rows of each group through the query
/// engine, as scoring will, and fits a network to each.
struct ModelTrainer {
  /// A group that could not be trained, and why.
  struct Skipped: Sendable {
    var group: String
    var reason: String
  }

  let source: DatabaseSource
  let database: String
  let status: ModelTrainingStatus
  let isCancelled: @Sendable () -> Bool

  private var statement: CreateModelStatement { status.statement }

  /// - Parameter version: of the model to be made.
  /// - Throws: ``QueryError`` for what is wrong with the statement or its data, ``DetectionError``
  ///   for options and for data that no group can be trained on.
  func train(version: Int, at now: Timestamp) throws -> (DetectionModel, [Skipped]) {
    var specification = try self.specification()
    specification.annotations = [
      TrainedModel.Annotation.statement: Statement.createModel(statement).description,
      TrainedModel.Annotation.version: "\(version)",
    ]
    let groups = try readGroups(specification)
    guard !groups.isEmpty else {
      throw QueryError.invalid("no data to train on: the query of the model finds no rows")
    }
    let (models, skipped, failure) = try fit(groups, specification)
    guard !models.isEmpty else { throw failure ?? DetectionError.cancelled }
    specification.annotations[TrainedModel.Annotation.trained] = "\(now)"
    return (try DetectionModel(specification: specification, groups: models), skipped)
  }

  /// The statement as the detector's own specification, checked against the schema.
  private func specification() throws -> ModelSpecification {
    guard statement.architecture == "lstm_autoencoder" else {
      throw QueryError.invalid(
        "unknown model architecture \(statement.architecture); there is lstm_autoencoder")
    }
    guard case .literal(let measurement) = statement.source.name else {
      throw QueryError.invalid("FROM of a model needs the name of a measurement")
    }
    guard statement.source.database.map({ $0 == database }) ?? true else {
      throw QueryError.invalid("a model reads measurements of its own database")
    }
    var options = DetectorOptions()
    for option in statement.options where !EventMask.optionNames.contains(option.name) {
      try options.set(option.name, to: text(of: option))
    }
    let schema = source.snapshot(of: database)?.schema(of: measurement)
    guard let schema else { throw QueryError.invalid("measurement not found: \(measurement)") }
    for field in statement.fields {
      switch schema.type(of: field) {
      case nil: throw QueryError.invalid("field not found in \(measurement): \(field)")
      case .string, .boolean:
        throw QueryError.invalid("field \(field) is no number, so no model can be trained on it")
      default: break
      }
    }
    let specification = ModelSpecification(
      name: statement.name, fields: statement.fields, interval: statement.interval.every,
      groupTags: try groupTags(schema), options: options)
    try specification.validate()
    return specification
  }

  private func groupTags(_ schema: MeasurementSchema) throws -> [String] {
    var tags: Set<String> = []
    for dimension in statement.dimensions {
      guard case .tag(let name) = dimension else {
        throw QueryError.invalid("GROUP BY of a model needs the names of tags")
      }
      guard schema.tagKeys.contains(name) else {
        throw QueryError.invalid("tag not found in \(schema.name): \(name)")
      }
      tags.insert(name)
    }
    return tags.sorted()
  }

  private func text(of option: CreateModelStatement.Option) throws -> String {
    switch option.value {
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .boolean(let value): "\(value)"
    case .reference(let name, nil): name
    default:
      throw DetectionError.invalidOption(
        name: option.name, reason: "'\(option.value)' is no literal")
    }
  }

  /// The mean of each field in each interval, group by group, read as scoring will read it.
  private func readGroups(_ specification: ModelSpecification) throws -> [FeatureRows] {
    try Executor(source: source, context: status.context).featureRows(
      of: statement.source, fields: specification.fields, interval: statement.interval,
      dimensions: specification.groupTags, condition: statement.condition,
      mask: EventMask(statement), database: database)
  }

  private struct Outcome {
    var models: [GroupModel] = []
    var skipped: [Skipped] = []
    var failure: (any Error)?
  }

  /// What the training threads write to.
  private final class SharedOutcome: Sendable {
    let value = Mutex(Outcome())
  }

  /// Fits the groups on all cores. What one group lacks is no reason to fail the others.
  private func fit(
    _ groups: [FeatureRows], _ specification: ModelSpecification
  ) throws -> ([GroupModel], [Skipped], (any Error)?) {
    let trainer = try DetectionModel.trainer(for: specification)
    status.begin(groups: groups.count)
    let outcome = SharedOutcome()
    ParallelWork.perform(groups.count) { [status, isCancelled] index in
      let group = groups[index]
      let name = zip(specification.groupTags, group.group).map { "\($0)=\($1)" }
        .joined(separator: ",")
      do {
        if isCancelled() { throw DetectionError.cancelled }
        let model = try trainer.train(
          GroupData(timestamps: group.timestamps, features: group.features), key: group.group,
          isCancelled: isCancelled,
          progress: {
            status.advance(
              group: index, named: name, epoch: $0.epoch, epochCount: $0.epochs,
              trainingLoss: $0.trainingLoss, validationLoss: $0.validationLoss)
          })
        outcome.value.withLock { $0.models.append(model) }
      } catch {
        outcome.value.withLock {
          $0.skipped.append(Skipped(group: name, reason: "\(error)"))
          $0.failure = error
        }
      }
      status.finish(group: index)
    }
    if isCancelled() { throw DetectionError.cancelled }
    return outcome.value.withLock {
      ($0.models, $0.skipped.sorted { $0.group < $1.group }, $0.failure)
    }
  }
}

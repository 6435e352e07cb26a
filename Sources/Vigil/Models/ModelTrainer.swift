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

  /// What came of a training.
  struct Outcome: Sendable {
    var specification: ModelSpecification
    var groups: [GroupModel] = []
    /// Networks that groups share.
    var shared: [GroupModel] = []
    /// What the user is told: of each kind a few groups by name, the others as a count.
    private(set) var warnings: [String] = []

    /// Groups of a kind of warning that are named.
    private static let mostNamed = 10

    /// - Parameter groups: warnings of one kind, one for each group.
    mutating func warn(_ groups: [String]) {
      warnings += groups.prefix(Self.mostNamed)
      let others = groups.count - Self.mostNamed
      if others > 0 { warnings.append("the same of \(others) more group\(others == 1 ? "" : "s")") }
    }
  }

  let source: DatabaseSource
  let database: String
  let status: ModelTrainingStatus
  /// The version that is the newest; nil for a model that is new.
  let previous: VersionedModel?
  /// Groups trained at a time.
  let width: Int
  let isCancelled: @Sendable () -> Bool

  private var statement: CreateModelStatement { status.statement }

  /// - Throws: ``QueryError`` for what is wrong with the statement or its data, ``DetectionError``
  ///   for options and for data that no group can be trained on.
  func train(at now: Timestamp) throws -> Outcome {
    let specification = try ModelSpecification(statement, in: database)
    let schema = try self.schema()
    try specification.check(against: schema, isComplete: true)
    let span = try TrainingSpan(statement, isFirst: previous == nil, now: now)
    let groups = try readGroups(specification, span.condition)
    guard !groups.isEmpty else {
      throw QueryError.invalid("no data to train on: the query of the model finds no rows")
    }
    var outcome = Outcome(specification: specification)
    var newNormal: [String] = []
    let known = try withoutAnomalies(groups, specification, &newNormal)
    let trainer = try DetectionModel.trainer(
      for: specification, constants: constants(specification, known, schema))
    let fits = try fit(known, specification, trainer)
    outcome.warn(newNormal)
    guard !fits.groups.isEmpty || !fits.shared.isEmpty else {
      throw fits.failure ?? DetectionError.cancelled
    }
    outcome.groups = fits.groups
    outcome.shared = fits.shared
    outcome.warn(fits.skipped.map { "\($0.group): not trained: \($0.reason)" })
    if let previous {
      let (oldest, overflow) = span.end.subtractingReportingOverflow(
        try ModelOptions(statement).expire)
      let carried = CarriedNetworks(
        from: previous.newest, to: specification, trained: fits.groups, fits.shared,
        rows: groups, oldest: overflow ? .min : oldest)
      outcome.groups += carried.groups
      outcome.shared += carried.shared
      outcome.warn(carried.warnings)
    }
    return outcome
  }

  private func schema() throws -> MeasurementSchema {
    let measurement = statement.measurement ?? ""
    guard let schema = source.snapshot(of: database)?.schema(of: measurement) else {
      throw QueryError.invalid("measurement not found: \(measurement)")
    }
    return schema
  }

  /// What is known of a field beyond the group that has it constant.
  private func constants(
    _ specification: ModelSpecification, _ groups: [FeatureRows], _ schema: MeasurementSchema
  ) -> [ConstantScale] {
    specification.fields.enumerated().map { index, field in
      ConstantScale(
        isInteger: schema.type(of: field) != .float, groups: groups.map { $0.features[index] })
    }
  }

  /// The mean of each field in each interval, group by group, read as scoring will read it.
  private func readGroups(
    _ specification: ModelSpecification, _ condition: Expression?
  ) throws -> [FeatureRows] {
    try Executor(source: source, context: status.context).featureRows(
      of: statement.source, fields: specification.fields, interval: statement.interval,
      dimensions: specification.groupTags, share: specification.shareTag, condition: condition,
      mask: EventMask(statement), database: database)
  }

  /// A network to fit: a group's, or one that groups share.
  private struct Task: Sendable {
    var name: String
    var key: [String]
    var data: [GroupData]
    var isShared: Bool
  }

  /// The groups without the rows that the version in force calls anomalies.
  private func withoutAnomalies(
    _ groups: [FeatureRows], _ specification: ModelSpecification, _ warnings: inout [String]
  ) throws -> [FeatureRows] {
    guard let previous else { return groups }
    return try groups.map { group in
      if isCancelled() { throw DetectionError.cancelled }
      let anomalies = try AnomalousRows(of: group, by: previous)
      guard anomalies.isNewNormal else { return anomalies.count > 0 ? anomalies.rest : group }
      warnings.append(
        "\(specification.groupName(group.group)): \(Int(anomalies.part * 100)) % of the rows are "
          + "anomalies to version \(previous.version), so they are taken for the new normal")
      return group
    }
  }

  private struct Fits {
    var groups: [GroupModel] = []
    var shared: [GroupModel] = []
    var skipped: [Skipped] = []
    var failure: (any Error)?
  }

  /// What the training threads write to.
  private final class SharedFits: Sendable {
    let value = Mutex(Fits())
  }

  /// Fits the networks, ``width`` at a time. What one group lacks is no reason to fail the others.
  private func fit(
    _ groups: [FeatureRows], _ specification: ModelSpecification, _ trainer: GroupTrainer
  ) throws -> Fits {
    let tasks = Self.tasks(groups, specification)
    status.begin(groups: tasks.count)
    let fits = SharedFits()
    ParallelWork.perform(tasks.count, width: width) { [status, isCancelled] index in
      let task = tasks[index]
      do {
        if isCancelled() { throw DetectionError.cancelled }
        let report = { (progress: Detection.TrainingProgress) in
          status.advance(
            group: index, named: task.name, epoch: progress.epoch, epochCount: progress.epochs,
            trainingLoss: progress.trainingLoss, validationLoss: progress.validationLoss)
        }
        if task.isShared {
          let network = try trainer.trainShared(
            task.data, value: task.key[0], isCancelled: isCancelled, progress: report)
          fits.value.withLock { $0.shared.append(network) }
        } else {
          let network = try trainer.train(
            task.data[0], key: task.key, isCancelled: isCancelled, progress: report)
          fits.value.withLock { $0.groups.append(network) }
        }
      } catch {
        fits.value.withLock {
          $0.skipped.append(Skipped(group: task.name, reason: "\(error)"))
          $0.failure = error
        }
      }
      status.finish(group: index)
    }
    if isCancelled() { throw DetectionError.cancelled }
    return fits.value.withLock { fits in
      fits.skipped.sort { $0.group < $1.group }
      return fits
    }
  }

  /// The shared networks first: they have the most rows.
  private static func tasks(
    _ groups: [FeatureRows], _ specification: ModelSpecification
  ) -> [Task] {
    let own = groups.map { rows in
      Task(
        name: specification.groupName(rows.group), key: rows.group,
        data: [GroupData(timestamps: rows.timestamps, features: rows.features)],
        isShared: false)
    }
    guard let tag = specification.shareTag else { return own }
    var members: [String: [GroupData]] = [:]
    for (rows, task) in zip(groups, own) {
      if let value = rows.share { members[value, default: []] += task.data }
    }
    let shared = members.sorted { $0.key < $1.key }.map { value, data in
      Task(name: "shared by \(tag)=\(value)", key: [value], data: data, isShared: true)
    }
    return shared + own
  }
}

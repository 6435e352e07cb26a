import ContinuousQueries
import Detection
import Query
import TimeSeries

/// Takes out of the newest version of a model the networks that have nothing to score: those of
/// which the store has no series, because it was dropped or retention took its last row. Containers
/// come and go, and a model that nobody trains again would keep them all.
///
/// No score changes by it, so nothing is computed again.
struct ModelPruning {
  let source: DatabaseSource
  let scheduler: ContinuousQueryScheduler
  let now: Timestamp

  /// Durable on return. Does nothing while the model is being trained.
  ///
  /// - Returns: how many networks went.
  func prune(_ name: String, in database: String) throws -> Int {
    let models = source.models
    guard let model = try models.model(named: name, in: database),
      try remainder(of: model.newest, in: database) != nil
    else { return 0 }
    let context = QueryContext(now: now)
    let status = ModelTrainingStatus(model.statement, context: context, report: nil)
    guard models.begin(status, in: database) else { return 0 }
    defer { models.end(name, in: database) }
    // A group that comes back meanwhile is computed after this, and then by the model as it is.
    return try scheduler.withoutRuns {
      guard let newest = try models.model(named: name, in: database)?.newest,
        let remainder = try remainder(of: newest, in: database)
      else { return 0 }
      try models.store(remainder, inPlaceOf: newest, by: context, in: database)
      return newest.model.groups.count + newest.model.shared.count - remainder.groups.count
        - remainder.shared.count
    }
  }

  /// The model without the networks that are to go; nil where all stay.
  private func remainder(
    of newest: TrainedModel, in database: String
  ) throws -> DetectionModel? {
    guard try !awaitsGroups(newest) else { return nil }
    let series = source.snapshot(of: database)?.series(of: newest.measurement, matching: nil) ?? []
    // Without any, its rows may be about to be written anew.
    if series.isEmpty { return nil }
    let model = newest.model
    let keys = Set(
      series.map { series in newest.groupTags.map { series.key.value(of: $0) ?? "" } })
    let values = Set(
      newest.shareTag.map { tag in series.compactMap { $0.key.value(of: tag) } } ?? [])
    let groups = model.groups.filter { keys.contains($0.key) }
    let shared = model.shared.filter { values.isSuperset(of: $0.key) }
    guard groups.count + shared.count < model.groups.count + model.shared.count else { return nil }
    return try DetectionModel(
      specification: model.specification, groups: groups, shared: shared)
  }

  /// Whether the model came from a file so lately that groups may be yet to come.
  private func awaitsGroups(_ newest: TrainedModel) throws -> Bool {
    guard let imported = newest.imported else { return false }
    let (age, overflow) = now.subtractingReportingOverflow(imported)
    return try !overflow && age < ModelOptions(newest.statement).expire
  }
}

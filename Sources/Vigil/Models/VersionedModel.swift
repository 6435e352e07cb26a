import Detection
import Query
import Synchronization
import TimeSeries

/// A model with the versions of it that are kept: each scores the rows from when it came into force
/// to when the next one did. Rows from before the oldest are the oldest's.
final class VersionedModel: ScoringModel {
  let newest: TrainedModel
  /// Reads an older version.
  private let load: @Sendable (Int) throws -> TrainedModel
  private let loaded = Mutex<[Int: TrainedModel]>([:])

  init(_ newest: TrainedModel, load: @escaping @Sendable (Int) throws -> TrainedModel) {
    self.newest = newest
    self.load = load
  }

  var statement: CreateModelStatement { newest.statement }
  var version: Int { newest.version }
  /// Ascending; the last one is the newest.
  var versions: [ModelVersion] { newest.older + [newest.record] }

  var measurement: String { newest.measurement }
  var retentionPolicy: String? { newest.retentionPolicy }
  var fields: [String] { newest.fields }
  var interval: SelectStatement.Interval { newest.interval }
  var groupTags: [String] { newest.groupTags }
  var shareTag: String? { newest.shareTag }
  var eventMask: EventMask? { newest.eventMask }
  var window: Int { versions.map(\.reach).max() ?? newest.window }

  /// The windows of a version's first rows reach back over rows that the one before scores: rows are
  /// raw, and whose they are does not matter.
  func score(_ rows: FeatureRows) throws -> ModelScores {
    guard let first = rows.timestamps.first, !newest.older.isEmpty,
      first < newest.inForce ?? .min
    else { return try newest.score(rows) }
    var scores = ModelScores(
      loss: [], threshold: [], featureLoss: fields.map { _ in [] }, version: [], state: [])
    let versions = versions
    var start = 0
    for (index, version) in versions.enumerated() {
      let next = index + 1 < versions.count ? versions[index + 1].inForce ?? .min : nil
      let end =
        next.flatMap { next in rows.timestamps.firstIndex { $0 >= next } } ?? rows.timestamps.count
      guard start < end else { continue }
      let from = max(0, start - (version.reach - 1))
      let part = try model(version.number).score(rows[from..<end])
      scores.append(part, droppingFirst: start - from)
      start = end
    }
    return scores
  }

  private func model(_ number: Int) throws -> TrainedModel {
    if number == newest.version { return newest }
    if let known = loaded.withLock({ $0[number] }) { return known }
    let model = try load(number)
    guard model.version == number, model.fields == fields, model.groupTags == groupTags else {
      throw DetectionError.corruptModel(
        offset: 0, reason: "it is not version \(number) of \(statement.name)")
    }
    loaded.withLock { $0[number] = model }
    return model
  }
}

extension FeatureRows {
  fileprivate subscript(range: Range<Int>) -> FeatureRows {
    FeatureRows(
      group: group, share: share, timestamps: Array(timestamps[range]),
      features: features.map { Array($0[range]) })
  }
}

extension ModelScores {
  fileprivate mutating func append(_ other: ModelScores, droppingFirst count: Int) {
    loss += other.loss.dropFirst(count)
    threshold += other.threshold.dropFirst(count)
    for (feature, losses) in other.featureLoss.enumerated() {
      featureLoss[feature] += losses.dropFirst(count)
    }
    version += other.version.dropFirst(count)
    state += other.state.dropFirst(count)
  }
}

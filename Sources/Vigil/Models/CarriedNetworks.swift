import Detection
import Query
import TimeSeries

/// Networks that a training had too little data for, as the version before had them. One whose last
/// row is too old is left behind: its series are gone, and what they wrote is scored by the versions
/// that were in force then.
struct CarriedNetworks {
  private(set) var groups: [GroupModel] = []
  private(set) var shared: [GroupModel] = []
  private(set) var warnings: [String] = []

  /// - Parameters:
  ///   - groups: the groups that need none.
  ///   - shared: the shared networks that were fitted.
  ///   - rows: what the training read.
  ///   - oldest: the earliest last row of a network that is carried over.
  init(
    from previous: TrainedModel, to specification: ModelSpecification, trained groups: [GroupModel],
    _ shared: [GroupModel], rows: [FeatureRows], oldest: Timestamp
  ) {
    let isOfOtherOptions = previous.model.specification.options != specification.options
    func carried(
      _ known: [GroupModel], besides trained: [GroupModel], last: [[String]: Timestamp],
      name: (GroupModel) -> String
    ) -> [GroupModel] {
      let done = Set(trained.map(\.key))
      let alive = known.filter {
        !done.contains($0.key) && max($0.info.lastTimestamp, last[$0.key] ?? .min) >= oldest
      }
      guard isOfOtherOptions else { return alive }
      warnings += alive.map { "\(name($0)): its model is of other options, and not kept" }
      return []
    }
    func last(_ key: (FeatureRows) -> [String]?) -> [[String]: Timestamp] {
      Dictionary(
        rows.compactMap { rows in key(rows).map { ($0, rows.timestamps.last ?? .min) } },
        uniquingKeysWith: { max($0, $1) })
    }
    self.groups = carried(
      previous.model.groups, besides: groups, last: last { $0.group },
      name: { specification.groupName($0.key) })
    // A statement keeps its share tag, so a model that has none has no shared networks either.
    self.shared = carried(
      previous.model.shared, besides: shared, last: last { $0.share.map { [$0] } },
      name: { "shared by \(specification.shareTag ?? "")=\($0.key.first ?? "")" })
  }
}

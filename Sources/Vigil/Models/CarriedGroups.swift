import Detection
import Query
import TimeSeries

/// Groups that a training had too little data for, with the models that the version before had for
/// them. One whose last row is too old is left behind: its series are gone, and what they wrote is
/// scored by the versions that were in force then.
struct CarriedGroups {
  private(set) var groups: [GroupModel] = []
  private(set) var warnings: [String] = []

  /// - Parameters:
  ///   - trained: the groups that need none.
  ///   - rows: what the training read.
  ///   - oldest: the earliest last row of a group that is carried over.
  init(
    from previous: TrainedModel, to specification: ModelSpecification, trained: [GroupModel],
    rows: [FeatureRows], oldest: Timestamp
  ) {
    let done = Set(trained.map(\.key))
    let last = Dictionary(
      rows.map { ($0.group, $0.timestamps.last ?? .min) }, uniquingKeysWith: { max($0, $1) })
    let isOfOtherOptions = previous.model.specification.options != specification.options
    for group in previous.model.groups where !done.contains(group.key) {
      guard max(group.info.lastTimestamp, last[group.key] ?? .min) >= oldest else { continue }
      if isOfOtherOptions {
        let name = specification.groupName(group.key)
        warnings.append("\(name): its model is of other options, and not kept")
      } else {
        groups.append(group)
      }
    }
  }
}

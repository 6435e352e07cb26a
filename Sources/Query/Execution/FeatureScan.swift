import TimeSeries

/// What a model reads of one group: `mean(field)` of each of its fields for each interval.
public struct FeatureRows: Sendable, Hashable {
  /// The values of the tags grouped by, in the order they were named in.
  public var group: [String]
  /// The least of its series' values of the model's share tag; nil where there is none.
  public var share: String?
  /// Starts of the intervals in which any field has a value, ascending.
  public var timestamps: [Timestamp]
  /// One array for each field, as long as `timestamps`; NaN where the field has no value.
  public var features: [[Double]]

  public init(
    group: [String], share: String? = nil, timestamps: [Timestamp], features: [[Double]]
  ) {
    self.group = group
    self.share = share
    self.timestamps = timestamps
    self.features = features
  }

  /// - Parameter rows: indices, ascending.
  mutating func remove(_ rows: [Int]) {
    if rows.isEmpty { return }
    let removed = Set(rows)
    let kept = timestamps.indices.filter { !removed.contains($0) }
    timestamps = kept.map { timestamps[$0] }
    features = features.map { feature in kept.map { feature[$0] } }
  }
}

/// Computes a group's feature rows from the first columns of a plan. Sums are made in time order,
/// so they do not depend on the blocks the store keeps the points in.
struct FeatureScan {
  let plan: SelectPlan
  /// The plan's columns that are features.
  let count: Int
  let context: QueryContext

  func rows(of group: Group, from: Timestamp, through: Timestamp) throws -> FeatureRows {
    var items: [StreamingScan.Item] = []
    for index in 0..<count {
      if let type = plan.columns[index].type, Arithmetic.isNumeric(type) {
        items.append(StreamingScan.Item(aggregate: .mean, column: index, type: type))
      }
    }
    let scan = StreamingScan(
      items: items, grid: plan.grid, whole: 0, needsPointTime: false, isLayoutIndependent: true,
      from: from, through: through, context: context)
    let results = try scan.run(group.members)
    var timestamps = Set<Timestamp>()
    for result in results { timestamps.formUnion(result.buckets) }
    let sorted = timestamps.sorted()
    var features = Array(
      repeating: Array(repeating: Double.nan, count: sorted.count), count: count)
    for (item, result) in zip(items, results) {
      guard case .float(let values) = result.column.values else { continue }
      var row = 0
      for (bucket, value) in zip(result.buckets, values) {
        while sorted[row] < bucket { row += 1 }
        features[item.column][row] = value
      }
    }
    return FeatureRows(
      group: group.key.tags.map(\.value), share: group.share, timestamps: sorted,
      features: features)
  }
}

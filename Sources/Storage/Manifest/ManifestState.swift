import TimeSeries

/// What the manifest says of a database: which policies, segments and deletions there are.
struct ManifestState: Sendable, Hashable {
  struct Policy: Sendable, Hashable {
    var id: UInt32
    var policy: RetentionPolicy
  }

  /// By id.
  private(set) var policies: [Policy] = []
  private(set) var defaultPolicy: UInt32 = 1
  /// Ids of dropped policies are not used again.
  private(set) var nextPolicy: UInt32 = 1
  /// Ascending by name: later ones win.
  private(set) var segments: [SegmentEntry] = []
  private(set) var walFloor: UInt64 = 0
  private(set) var nextSeries: UInt32 = 0
  private(set) var nextSequence: UInt64 = 1
  private(set) var nextSegmentNumber: UInt64 = 1
  private(set) var tombstones: [Tombstone] = []
  private(set) var droppedSeries: Set<UInt32> = []

  /// A new database: one policy, the default one.
  static func initial(_ policy: RetentionPolicy) -> ManifestState {
    var state = ManifestState()
    state.apply(.addPolicy(id: 1, policy))
    state.apply(.setDefaultPolicy(id: 1))
    return state
  }

  mutating func apply(_ edit: ManifestEdit) {
    switch edit {
    case .addPolicy(let id, let policy):
      policies.removeAll { $0.id == id }
      policies.append(Policy(id: id, policy: policy))
      policies.sort { $0.id < $1.id }
      if id >= nextPolicy { nextPolicy = id == .max ? id : id + 1 }
    case .dropPolicy(let id):
      policies.removeAll { $0.id == id }
      segments.removeAll { $0.name.policy == id }
      if id >= nextPolicy { nextPolicy = id == .max ? id : id + 1 }
    case .setDefaultPolicy(let id): defaultPolicy = id
    case .addSegment(let entry):
      let position = position(of: entry.name)
      if position < segments.count, segments[position].name == entry.name {
        segments[position] = entry
      } else {
        segments.insert(entry, at: position)
      }
      nextSegmentNumber = max(nextSegmentNumber, entry.name.number &+ 1)
      nextSequence = max(nextSequence, entry.name.sequence &+ 1)
    case .removeSegment(let name):
      let position = position(of: name)
      if position < segments.count, segments[position].name == name {
        segments.remove(at: position)
      }
    case .setWALFloor(let number): walFloor = max(walFloor, number)
    case .setNextSeries(let id): nextSeries = max(nextSeries, id)
    case .setNextSequence(let sequence): nextSequence = max(nextSequence, sequence)
    case .addTombstone(let tombstone):
      tombstones.append(tombstone)
      nextSequence = max(nextSequence, tombstone.upToSequence &+ 1)
    case .dropTombstones(let sequence): tombstones.removeAll { $0.upToSequence <= sequence }
    case .dropSeries(let ids):
      droppedSeries.formUnion(ids)
      if let last = ids.last, last >= nextSeries { nextSeries = last == .max ? last : last + 1 }
    case .forgetSeries(let ids): droppedSeries.subtract(ids)
    }
  }

  /// Where a segment is, or would be inserted.
  private func position(of name: SegmentName) -> Int {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Edits that make this state out of nothing.
  var snapshot: [ManifestEdit] {
    var edits: [ManifestEdit] = policies.map { .addPolicy(id: $0.id, $0.policy) }
    // A dropped policy's number stays taken: WAL records may still bear it.
    if nextPolicy > 1 { edits.append(.dropPolicy(id: nextPolicy - 1)) }
    if let last = policies.last, last.id == nextPolicy - 1 { edits.removeLast() }
    edits.append(.setDefaultPolicy(id: defaultPolicy))
    edits += segments.map { .addSegment($0) }
    edits.append(.setWALFloor(walFloor))
    edits.append(.setNextSeries(nextSeries))
    edits.append(.setNextSequence(nextSequence))
    edits += tombstones.map { .addTombstone($0) }
    if !droppedSeries.isEmpty { edits.append(.dropSeries(droppedSeries.sorted())) }
    return edits
  }

  func policy(named name: String) -> Policy? { policies.first { $0.policy.name == name } }

  func policy(id: UInt32) -> Policy? { policies.first { $0.id == id } }
}

extension RetentionPolicy {
  /// Start of the partition that holds `timestamp`.
  func partitionStart(of timestamp: Timestamp) -> Timestamp {
    let remainder = timestamp % partitionDuration
    let offset = remainder < 0 ? remainder + partitionDuration : remainder
    // The first partition begins before time does.
    return timestamp.subtractingReportingOverflow(offset).overflow ? .min : timestamp - offset
  }

  /// The last time of the partition that begins at `start` and holds `timestamp`.
  func partitionEnd(of timestamp: Timestamp) -> Timestamp {
    let start = partitionStart(of: timestamp)
    if start == .min {
      let remainder = timestamp % partitionDuration
      let offset = remainder < 0 ? remainder + partitionDuration : remainder
      return timestamp + (partitionDuration - 1 - offset)
    }
    let (end, overflow) = start.addingReportingOverflow(partitionDuration - 1)
    return overflow ? .max : end
  }
}

import TimeSeries

/// Opens a database's segments, and finds those that a damaged manifest does not name.
struct SegmentAdoption {
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  private(set) var segments: [OpenSegment] = []
  /// What is wrong with the segments that could not be opened.
  private(set) var unreadable: [SegmentName: StorageError] = [:]
  private(set) var problems: [StorageError] = []

  init(layout: DatabaseLayout, fileSystem: any FileSystem) {
    self.layout = layout
    self.fileSystem = fileSystem
  }

  /// Opens what the manifest names. Files that it does not name are left from a crash, unless it
  /// lacks edits: then they are taken in. So they are where a file that it names is not there: the
  /// segment that was merged from it may be one of them.
  mutating func run(_ manifest: inout Manifest) throws {
    if try !manifest.lacksEdits && hasLostEdits(manifest) { manifest.noteLostEdits() }
    let isDamaged = manifest.lacksEdits
    for entry in manifest.state.segments { open(entry) }
    let isMissing = manifest.state.segments.contains {
      !fileSystem.exists(layout.segment($0.name))
    }
    let named = Set(manifest.state.segments.map(\.name))
    for entry in manifest.state.segments { restorePolicy(entry.name.policy, &manifest) }
    for fileName in try fileSystem.list(layout.segmentDirectory) {
      guard let name = SegmentName(fileName: fileName), !named.contains(name) else { continue }
      if !isDamaged, !isMissing {
        try fileSystem.remove(layout.segmentDirectory.appending(fileName))
      } else {
        // A policy that a whole manifest does not know was dropped.
        if isDamaged { restorePolicy(name.policy, &manifest) }
        guard let policy = manifest.state.policy(id: name.policy)?.policy,
          let entry = adopt(name, policy, isDamaged: isDamaged)
        else { continue }
        manifest.adopt([.addSegment(entry)])
      }
    }
    if manifest.state.policies.isEmpty {
      manifest.adopt([
        .addPolicy(id: 1, RetentionPolicy(name: RetentionPolicy.automaticName)),
        .setDefaultPolicy(id: 1),
      ])
    }
    if manifest.state.policy(id: manifest.state.defaultPolicy) == nil,
      let first = manifest.state.policies.first
    {
      manifest.adopt([.setDefaultPolicy(id: first.id)])
    }
  }

  /// Whether the manifest was cut off where a record ends: then there is a segment it should name.
  /// That a flush was interrupted before the manifest had it is the other explanation, and then
  /// the WAL still has the points.
  private mutating func hasLostEdits(_ manifest: Manifest) throws -> Bool {
    let state = manifest.state
    let unknown = try fileSystem.list(layout.segmentDirectory)
      .compactMap(SegmentName.init(fileName:)).filter { $0.sequence >= state.nextSequence }
    guard let first = unknown.first, !fileSystem.exists(layout.wal(max(1, state.walFloor))) else {
      return false
    }
    problems.append(
      .corrupt(
        path: layout.manifest.string, offset: (try? fileSystem.size(layout.manifest)) ?? 0,
        reason: "cut short, it does not name \(first.fileName)"))
    return true
  }

  private mutating func open(_ entry: SegmentEntry) {
    let path = layout.segment(entry.name)
    guard fileSystem.exists(path) else { return miss(entry.name, .missing(path: path.string)) }
    do {
      let reader = try SegmentReader(path: path, map: try fileSystem.map(path))
      segments.append(OpenSegment(entry: entry, reader: reader))
    } catch {
      miss(entry.name, .wrapping(error, path: path.string))
    }
  }

  private mutating func miss(_ name: SegmentName, _ error: StorageError) {
    problems.append(error)
    unreadable[name] = error
  }

  /// An entry for a file that the manifest does not name.
  ///
  /// One that cannot be read was half written when the process died, or is damaged: which of them
  /// cannot be known. Where edits were lost it is named all the same, with any time for its rows, so
  /// that it is neither removed nor forgotten.
  private mutating func adopt(
    _ name: SegmentName, _ policy: RetentionPolicy, isDamaged: Bool
  ) -> SegmentEntry? {
    let path = layout.segment(name)
    do {
      let reader = try SegmentReader(path: path, map: try fileSystem.map(path))
      guard let timeRange = reader.timeRange else { return nil }
      let entry = SegmentEntry(
        name: name, partitionStart: policy.partitionStart(of: timeRange.lowerBound),
        size: UInt64(reader.summary.byteCount), rowCount: UInt64(reader.summary.rowCount),
        timeRange: timeRange)
      segments.append(OpenSegment(entry: entry, reader: reader))
      return entry
    } catch {
      let problem = StorageError.wrapping(error, path: path.string)
      guard isDamaged else {
        problems.append(problem)
        return nil
      }
      miss(name, problem)
      return SegmentEntry(
        name: name, partitionStart: TimestampBounds.earliest,
        size: UInt64((try? fileSystem.size(path)) ?? 0), rowCount: 0,
        timeRange: TimestampBounds.earliest...TimestampBounds.latest)
    }
  }

  /// Makes the policy of a segment again where the manifest does not know it any more.
  private func restorePolicy(_ id: UInt32, _ manifest: inout Manifest) {
    if manifest.state.policy(id: id) == nil {
      manifest.adopt([.addPolicy(id: id, manifest.state.restoredPolicy(id: id))])
    }
  }
}

extension ManifestState {
  /// A policy for an id whose edit was lost: one that keeps everything, under a name that no other
  /// has.
  func restoredPolicy(id: UInt32) -> RetentionPolicy {
    let automatic = RetentionPolicy.automaticName
    if id == 1, policy(named: automatic) == nil { return RetentionPolicy(name: automatic) }
    var name = "recovered-\(id)"
    while policy(named: name) != nil { name += "-" }
    return RetentionPolicy(name: name)
  }
}

import TimeSeries

/// Opens a database's segments, and finds those that a damaged manifest does not name.
struct SegmentAdoption {
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  private(set) var segments: [OpenSegment] = []
  private(set) var problems: [StorageError] = []

  init(layout: DatabaseLayout, fileSystem: any FileSystem) {
    self.layout = layout
    self.fileSystem = fileSystem
  }

  /// Opens what the manifest names. Files that it does not name are left from a crash, unless it
  /// was damaged: then they are taken in. So they are where a file that it names is not there: the
  /// segment that was merged from it may be one of them.
  mutating func run(_ manifest: inout Manifest, isDamaged: Bool) throws {
    let isDamaged = try isDamaged || hasLostEdits(manifest)
    for entry in manifest.state.segments { open(entry) }
    let isMissing = manifest.state.segments.contains {
      !fileSystem.exists(layout.segment($0.name))
    }
    let named = Set(manifest.state.segments.map(\.name))
    var edits: [ManifestEdit] = []
    for fileName in try fileSystem.list(layout.segmentDirectory) {
      guard let name = SegmentName(fileName: fileName), !named.contains(name) else { continue }
      if !isDamaged, !isMissing {
        try fileSystem.remove(layout.segmentDirectory.appending(fileName))
      } else if let policy = policy(of: name, manifest, &edits), let entry = adopt(name, policy) {
        edits.append(.addSegment(entry))
      }
    }
    manifest.adopt(edits)
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
    guard fileSystem.exists(path) else {
      problems.append(.missing(path: path.string))
      return
    }
    do {
      let reader = try SegmentReader(path: path, map: try fileSystem.map(path))
      segments.append(OpenSegment(entry: entry, reader: reader))
    } catch let error as StorageError {
      problems.append(error)
    } catch {
      problems.append(.corrupt(path: path.string, offset: 0, reason: "\(error)"))
    }
  }

  private mutating func adopt(_ name: SegmentName, _ policy: RetentionPolicy) -> SegmentEntry? {
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
      // Half written when the process died, or damaged: it cannot be told which.
      problems.append(
        error as? StorageError ?? .corrupt(path: path.string, offset: 0, reason: "\(error)"))
      return nil
    }
  }

  /// The policy a segment belongs to; one of a made-up name where it is not known any more.
  private func policy(
    of name: SegmentName, _ manifest: Manifest, _ edits: inout [ManifestEdit]
  ) -> RetentionPolicy? {
    if let known = manifest.state.policy(id: name.policy) { return known.policy }
    for edit in edits {
      if case .addPolicy(name.policy, let policy) = edit { return policy }
    }
    let policy = RetentionPolicy(
      name: name.policy == 1 ? RetentionPolicy.automaticName : "recovered-\(name.policy)")
    edits.append(.addPolicy(id: name.policy, policy))
    return policy
  }
}

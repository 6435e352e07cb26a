import SystemPackage
import TimeSeries

/// The repair of one database that was just opened.
struct DatabaseRepair {
  let store: DatabaseStore
  let isDryRun: Bool
  let checkContent: ContentCheck
  let report: (String) -> Void
  private(set) var findings = 0
  /// Files that are reported already.
  private var known: Set<String> = []

  init(
    store: DatabaseStore, isDryRun: Bool, checkContent: @escaping ContentCheck,
    report: @escaping (String) -> Void
  ) {
    self.store = store
    self.isDryRun = isDryRun
    self.checkContent = checkContent
    self.report = report
  }

  private var layout: DatabaseLayout { store.layout }
  private var fileSystem: any FileSystem { store.fileSystem }

  /// - Parameter problems: what opening found.
  mutating func run(_ problems: [StorageError]) throws {
    try repairSegments()
    try repairFiles()
    for problem in problems where !known.contains(problem.path ?? "") {
      say(problem, consequence(of: problem))
    }
    if isDryRun { return }
    // The log's points go to segments, and damaged logs become evidence.
    try store.flush()
    try store.rewriteLogs()
    for path in DamageEvidence.files(of: layout, on: fileSystem) { try setAside(path) }
    try fileSystem.syncDirectory(layout.root)
  }

  private mutating func say(_ problem: StorageError, _ consequence: String) {
    findings += 1
    report("\(problem); \(isDryRun ? "would be " : "")\(consequence)")
    if let path = problem.path { known.insert(path) }
  }

  private func consequence(of problem: StorageError) -> String {
    guard let path = problem.path else { return "left as it is" }
    if path == layout.manifest.string {
      return store.losses.contains(problem)
        ? "rebuilt from the segments; lost: deletions and policies that only it knew"
        : "written anew from its copy; nothing is lost"
    }
    if path == layout.manifestCopy.string { return "written anew; nothing is lost" }
    if path == layout.series.string { return "rebuilt from the segments and the log" }
    if path.hasPrefix(layout.walDirectory.string + "/") || path.hasSuffix(DamageEvidence.suffix) {
      return "set aside; lost: rows that cannot be read, of times that nobody knows"
    }
    return "made again"
  }

  /// Moves a file to where it is in nobody's way.
  private func setAside(_ path: FilePath) throws {
    guard !isDryRun, fileSystem.exists(path), let name = path.lastComponent?.string else { return }
    let directory = layout.setAsideDirectory
    try fileSystem.createDurableDirectory(directory)
    var target = directory.appending(name)
    var number = 1
    while fileSystem.exists(target) {
      number += 1
      target = directory.appending("\(name).\(number)")
    }
    try fileSystem.rename(path, to: target)
    try fileSystem.syncDirectory(directory)
  }
}

// Segments.
extension DatabaseRepair {
  private mutating func repairSegments() throws {
    let version = store.version
    for (entry, error) in version.unreadable {
      // A newer build can read it.
      if case .unsupportedVersion = error { throw error }
      let policy = version.state.policy(id: entry.name.policy)?.policy.name ?? ""
      say(
        error,
        "\(fileSystem.exists(layout.segment(entry.name)) ? "set aside" : "forgotten"); lost: "
          + "\(entry.rowCount) rows of \(policy) \(Self.text(entry.timeRange))")
      if !isDryRun { try replace(entry, by: nil) }
    }
    for segment in version.segments {
      guard let problem = segment.reader.verify().first else { continue }
      let damage = DamageReport(failure: .never)
      if isDryRun {
        try readAll(segment, version, damage)
      } else {
        let copy: OpenSegment?
        do {
          copy = try self.copy(of: segment, version, damage)
        } catch let error as StorageError where error.isDamage {
          // Nothing says whose rows they are.
          copy = nil
          try damage.note(error, timeRange: segment.entry.timeRange)
        }
        try replace(segment.entry, by: copy)
      }
      let range = damage.entries.compactMap(\.timeRange).first
      say(
        problem,
        "set aside and replaced by what can be read; lost: "
          + (range.map { "rows or values \(Self.text($0))" } ?? "nothing"))
    }
  }

  private static func text(_ range: ClosedRange<Timestamp>) -> String {
    "from \(TimestampText.rfc3339(range.lowerBound)) "
      + "through \(TimestampText.rfc3339(range.upperBound))"
  }

  private func merge(
    _ segment: OpenSegment, _ version: StoreVersion, _ damage: DamageReport
  ) -> SegmentMerge {
    SegmentMerge(
      inputs: [segment], version: version, index: store.index, problems: ProblemList(),
      damage: damage, blockRows: store.options.blockRows, isCancelled: { false })
  }

  /// Finds what cannot be read.
  private func readAll(
    _ segment: OpenSegment, _ version: StoreVersion, _ damage: DamageReport
  ) throws {
    for id in segment.reader.seriesIDs {
      try merge(segment, version, damage).read(id) { _ in }
    }
  }

  /// Writes what can be read to a segment that stands where the damaged one stood.
  private func copy(
    of segment: OpenSegment, _ version: StoreVersion, _ damage: DamageReport
  ) throws -> OpenSegment? {
    let name = SegmentName(
      sequence: segment.entry.name.sequence, number: store.nextSegmentNumber,
      policy: segment.entry.name.policy)
    let path = layout.segment(name)
    let file = try fileSystem.create(path)
    let summary: SegmentSummary
    do {
      summary = try merge(segment, version, damage).write(to: file, path: path)
      try file.close()
    } catch {
      try? fileSystem.remove(path)
      throw error
    }
    guard let timeRange = summary.timeRange else {
      try fileSystem.remove(path)
      return nil
    }
    try fileSystem.syncDirectory(layout.segmentDirectory)
    return OpenSegment(
      entry: SegmentEntry(
        name: name, partitionStart: segment.entry.partitionStart, size: UInt64(summary.byteCount),
        rowCount: UInt64(summary.rowCount), timeRange: timeRange),
      reader: try SegmentReader(path: path, map: try fileSystem.map(path)))
  }

  private func replace(_ old: SegmentEntry, by new: OpenSegment?) throws {
    var edits: [ManifestEdit] = [.removeSegment(old.name)]
    if let new { edits.append(.addSegment(new.entry)) }
    try store.commit(edits, adding: new.map { [$0] } ?? [])
    try setAside(layout.segment(old.name))
  }
}

// Files of upper layers.
extension DatabaseRepair {
  private mutating func repairFiles() throws {
    let files = StoredFiles(layout: layout, fileSystem: fileSystem)
    var found: [(kind: String, name: String, path: FilePath)] = []
    files.forEachFile { kind, name, path in found.append((kind, name, path)) }
    for (kind, name, path) in found {
      let problem: StorageError
      do {
        guard let bytes = try files.load(kind: kind, name: name) else { continue }
        do {
          try checkContent(store.name, kind, name, bytes)
          continue
        } catch {
          problem = .corrupt(path: path.string, offset: 0, reason: "\(error)")
        }
      } catch {
        problem = .wrapping(error, path: path.string)
        if case .unsupportedVersion = problem { throw problem }
      }
      say(problem, "set aside; lost: \(name) of \(kind)")
      known.insert(StoredFiles.copy(of: path).string)
      for part in [path, StoredFiles.copy(of: path)] { try setAside(part) }
    }
  }
}

extension DatabaseStore {
  /// Writes series log and manifest anew, whatever they hold.
  fileprivate func rewriteLogs() throws {
    try maintenance.withLock {
      try seriesLog.rewrite(indexRecords(), on: fileSystem)
      manifest.requireRewrite()
      try manifest.repair(on: fileSystem)
    }
  }
}

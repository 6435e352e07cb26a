import SystemPackage
import TimeSeries

extension DatabaseStore {
  /// Makes the files of an empty database in a directory, all but durable in its parent.
  static func create(
    at root: FilePath, policy: RetentionPolicy, on fileSystem: any FileSystem
  ) throws {
    let layout = DatabaseLayout(root: root)
    try fileSystem.createDirectory(layout.walDirectory)
    try fileSystem.createDirectory(layout.segmentDirectory)
    var manifest = try Manifest(creatingIn: layout, state: .initial(policy), on: fileSystem)
    try manifest.close()
    try fileSystem.syncDirectory(root)
  }

  /// Opens a database: manifest, segments, series index, then the WAL on top. Damage is added to
  /// `problems`, and what is intact is there.
  static func open(
    name: String, at root: FilePath, fileSystem: any FileSystem, options: StorageOptions,
    problems: ProblemList, wake: @escaping @Sendable (DatabaseStore) -> Void
  ) throws -> DatabaseStore {
    let layout = DatabaseLayout(root: root)
    for directory in [layout.walDirectory, layout.segmentDirectory]
    where !fileSystem.exists(directory) {
      problems.add(.missing(path: directory.string))
      try fileSystem.createDirectory(directory)
    }
    // Should the process have died between a rename and the sync that makes it last.
    for directory in [layout.root, layout.segmentDirectory] {
      try fileSystem.syncDirectory(directory)
    }
    var found: [StorageError] = []
    var losses = DamageEvidence.files(of: layout, on: fileSystem).map(DamageEvidence.problem)
    var manifest = try Manifest(opening: layout, on: fileSystem, problems: &found)
    var adoption = SegmentAdoption(layout: layout, fileSystem: fileSystem)
    try adoption.run(&manifest)
    found += adoption.problems
    problems.add(losses + found)

    let (index, log, unknown) = try openIndex(
      layout, fileSystem, manifest.state, segments: adoption.segments, problems: problems)
    var replay = WALReplay(
      layout: layout, fileSystem: fileSystem, floor: manifest.state.walFloor)
    let store = DatabaseStore(
      name: name, layout: layout, fileSystem: fileSystem, options: options, problems: problems,
      manifest: manifest, seriesLog: log, index: index, segments: adoption.segments,
      unreadable: adoption.unreadable,
      wal: WALState(nextNumber: 1, previousSize: 0, lastSequence: 0), wake: wake)
    try replay.run { batch, policy in
      store.replay(batch, policy: policy)
    } endFile: { next in
      store.endReplayedFile(next: next)
    }
    // Read when they are asked for, which may be long after; whoever looks after the server is told
    // now.
    let files = StoredFiles(layout: layout, fileSystem: fileSystem)
    problems.add(replay.problems + files.verify())
    files.repair()
    store.wal = WALState(
      nextNumber: replay.nextNumber, previousSize: replay.previousSize,
      lastSequence: replay.lastSequence)
    if manifest.lacksEdits { losses += found.filter { $0.path == layout.manifest.string } }
    store.losses = losses + unknown + replay.problems
    store.damagedLogs = replay.damaged
    // A disk without room is no reason not to open; the next commit tries again.
    try? store.manifest.repair(on: fileSystem)
    return store
  }

  /// - Returns: also what makes series unknown that segments have rows of.
  private static func openIndex(
    _ layout: DatabaseLayout, _ fileSystem: any FileSystem, _ state: ManifestState,
    segments: [OpenSegment], problems: ProblemList
  ) throws -> (SeriesIndex, SeriesLog, unknown: [StorageError]) {
    var index = SeriesIndex()
    var found: [StorageError] = []
    var unknown: [StorageError] = []
    var log = try SeriesLog(
      opening: layout, on: fileSystem, into: index, dropped: state.droppedSeries,
      problems: &found)
    if !state.segments.isEmpty, !fileSystem.exists(layout.series) {
      found.append(.missing(path: layout.series.string))
    }
    // The log is durable before the manifest speaks of its ids, so ids that the manifest has and
    // the log has not were cut off; where a record ends, or within one, which looks like a crash.
    let isShort =
      index.nextID < state.nextSeries
      && (index.nextID..<state.nextSeries).contains { !state.droppedSeries.contains($0) }
    // A series comes with a field, and fields stay as long as their measurement has series.
    if found.isEmpty, index.measurements.values.contains(where: \.fields.isEmpty) {
      found.append(
        .corrupt(
          path: layout.series.string, offset: (try? fileSystem.size(layout.series)) ?? 0,
          reason: "it has measurements without fields"))
      log.requireRewrite()
    }
    if isShort || !found.isEmpty {
      let rebuilt = SeriesRebuild.run(index, segments: segments, dropped: state.droppedSeries)
      if found.isEmpty, rebuilt.index.count > index.count {
        found.append(
          .corrupt(
            path: layout.series.string, offset: (try? fileSystem.size(layout.series)) ?? 0,
            reason: "cut short, it has \(index.count) of \(rebuilt.index.count) series"))
        log.requireRewrite()
      }
      index = rebuilt.index
      unknown = rebuilt.problems
      problems.add(found + unknown)
      // Neither the log nor the segment says whose rows these are.
      if !unknown.isEmpty { try? DamageEvidence.keep(layout.series, on: fileSystem) }
    }
    index.reserveIDs(before: state.nextSeries)
    return (index, log, unknown)
  }

  /// A batch out of the WAL. It was accepted once, so no limit applies to it.
  ///
  /// - Returns: whether all of its points are in the database now, those of a dropped policy aside.
  private func replay(_ batch: PointBatch, policy: UInt32) -> Bool {
    if manifest.state.policy(id: policy) == nil {
      // A policy that a whole manifest does not know was dropped since.
      guard manifest.lacksEdits || policy >= manifest.state.nextPolicy else { return true }
      manifest.adopt([.addPolicy(id: policy, manifest.state.restoredPolicy(id: policy))])
      version = StoreVersion(
        state: manifest.state, segments: version.segments, unreadable: unreadable)
    }
    guard let known = manifest.state.policy(id: policy) else { return false }
    let plan = WritePlan(batch)
    let admission = WriteAdmission(
      batch, plan, index: index,
      limits: WriteAdmission.Limits(
        database: name, series: .max, fields: .max, earliest: .min))
    for rejection in admission.outcome.rejections {
      problems.add(
        .corrupt(
          path: layout.walDirectory.string, offset: 0,
          reason: "a point of the log does not fit the database: \(rejection.reason)"))
    }
    for (measurement, timeRange) in apply(batch, plan, admission, policy: policy) {
      recovered.append(
        WriteNotice(
          database: name, retentionPolicy: known.policy.name, measurement: measurement,
          timeRange: timeRange))
    }
    return admission.outcome.rejections.isEmpty
  }

  /// A memtable ends where a file does, as it did when the files were written. So the commit that
  /// adds its segments also lets go of the files that they are from, and a recovery that is broken
  /// off and begun again stores no row twice.
  private func endReplayedFile(next: UInt64) {
    if active.byteCount <= options.memtableLimit { return }
    frozen.append(
      FrozenMemtable(
        table: active, sequence: nextSequence, walFloor: next,
        newSeries: pendingSeries, newFields: pendingFields, nextSeries: index.nextID))
    nextSequence += 1
    active = Memtable()
    pendingSeries = []
    pendingFields = []
  }
}

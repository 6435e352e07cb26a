import Synchronization
import TimeSeries

/// One database: its WAL, memtables, segments, manifest and series index.
///
/// Three locks, taken in this order:
/// - `compaction` for merging segments, which takes its time;
/// - `maintenance` for whole pieces of work on files (a flush, a change of policies, a deletion),
///   one at a time;
/// - `monitor` for the state in memory, held for short stretches: by writers for a batch, by
///   readers to take hold of what they will read.
final class DatabaseStore: @unchecked Sendable {
  let name: String
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  let options: StorageOptions
  let problems: ProblemList
  /// Tells the background that a memtable waits to be flushed.
  private let wakeBackground: @Sendable (DatabaseStore) -> Void
  let files: Mutex<StoredFiles>
  /// When flushes and merges are broken off.
  private let workEnd = Mutex<ContinuousClock.Instant?>(nil)
  /// Why segments could not be opened.
  let unreadable: [SegmentName: StorageError]

  let compaction = Monitor()
  // Guarded by `compaction`.
  var compactionMemory = CompactionMemory()

  let maintenance = Monitor()
  // Guarded by `maintenance`.
  var manifest: Manifest
  var seriesLog: SeriesLog
  /// Segments whose commit failed: not in the manifest, as far as is known. Removed after the next
  /// commit that succeeds.
  var abandonedSegments: [SegmentName] = []
  /// WAL files with points that are not in the database. They are kept as ``DamageEvidence``.
  var damagedLogs: Set<UInt64> = []

  let monitor = Monitor()
  // Guarded by `monitor`. Writers change the index, holding its own lock as well.
  let index: SeriesIndex
  var version: StoreVersion
  var active = Memtable()
  /// Oldest first.
  var frozen: [FrozenMemtable] = []
  var wal: WALState
  /// New in the index since the last freeze: not in the series log yet.
  var pendingSeries: [UInt32] = []
  var pendingFields: [SeriesLog.NewField] = []
  var nextSequence: UInt64
  /// Writers wait while a deletion makes up its mind.
  var isGateClosed = false
  var isClosed = false
  /// What the WAL brought back when the database was opened.
  var recovered: [WriteNotice] = []
  var flushFailure: (any Error)?
  /// What was lost, nobody knows of which times: damage of logs, and evidence of earlier damage.
  var losses: [StorageError] = []
  /// Attempts to flush that are over, failed ones as well.
  var flushAttempts: UInt64 = 0

  /// Memtables that may wait for being written before writers do.
  static let frozenLimit = 2

  init(
    name: String, layout: DatabaseLayout, fileSystem: any FileSystem, options: StorageOptions,
    problems: ProblemList, manifest: Manifest, seriesLog: SeriesLog, index: SeriesIndex,
    segments: [OpenSegment], unreadable: [SegmentName: StorageError], wal: WALState,
    wake: @escaping @Sendable (DatabaseStore) -> Void
  ) {
    self.name = name
    self.layout = layout
    self.fileSystem = fileSystem
    self.options = options
    self.problems = problems
    wakeBackground = wake
    files = Mutex(StoredFiles(layout: layout, fileSystem: fileSystem))
    self.manifest = manifest
    self.seriesLog = seriesLog
    self.index = index
    self.wal = wal
    self.unreadable = unreadable
    version = StoreVersion(state: manifest.state, segments: segments, unreadable: unreadable)
    nextSequence = manifest.state.nextSequence
  }

  func wake() { wakeBackground(self) }

  /// Sets when flushes and merges are broken off, with nothing lost: the log has what they have not
  /// committed. Nil for never.
  func endWork(at end: ContinuousClock.Instant?) { workEnd.withLock { $0 = end } }

  /// Whether long work is to be broken off.
  var isEnding: Bool { workEnd.withLock { $0.map { ContinuousClock.now >= $0 } ?? false } }

  /// The policy of a name, or the default one. Call it with `monitor` held.
  func policy(named name: String?) throws -> ManifestState.Policy {
    let state = version.state
    let found =
      name.map { state.policy(named: $0) } ?? state.policy(id: state.defaultPolicy)
    guard let found else {
      throw StorageError.retentionPolicyNotFound(database: self.name, policy: name ?? "")
    }
    return found
  }

  /// The policies, the default one first.
  var policies: [RetentionPolicy] {
    monitor.withLock {
      let state = version.state
      return state.policies.filter { $0.id == state.defaultPolicy }.map(\.policy)
        + state.policies.filter { $0.id != state.defaultPolicy }.map(\.policy)
    }
  }

  /// The number of the next segment file. Call it with `maintenance` held.
  var nextSegmentNumber: UInt64 {
    max(manifest.state.nextSegmentNumber, (abandonedSegments.map(\.number).max() ?? 0) + 1)
  }

  /// Commits edits and shows the state after them. Call it with `maintenance` held.
  ///
  /// - Parameters:
  ///   - added: readers of segments that the edits add.
  ///   - change: runs with `monitor` held, together with the new state becoming visible.
  func commit(
    _ edits: [ManifestEdit], adding added: [OpenSegment] = [], change: () -> Void = {}
  ) throws {
    guard options.isInPlace() else { throw StorageError.replaced(path: layout.root.string) }
    try manifest.commit(edits, on: fileSystem)
    monitor.withLock {
      let names = Set(manifest.state.segments.map(\.name))
      let segments = (version.segments + added).filter { names.contains($0.entry.name) }
      version = StoreVersion(
        state: manifest.state, segments: segments, unreadable: unreadable)
      change()
      monitor.broadcast()
    }
    for name in abandonedSegments { try? fileSystem.remove(layout.segment(name)) }
    abandonedSegments.removeAll()
  }
}

import Synchronization
import SystemPackage
import TimeSeries

/// A store: the databases of one data directory.
///
/// ```swift
/// let engine = try StorageEngine(directory: "/var/lib/vigil")
/// try engine.createDatabase("metrics")
/// let outcome = try engine.write(batch, to: "metrics")
/// let snapshot = engine.snapshot(of: "metrics")
/// try engine.close()
/// ```
///
/// Calls are synchronous and may come from any thread. A write that returns is durable as
/// ``StorageOptions/syncPolicy`` promises; one that throws ``StorageError/io(operation:path:errno:)``
/// may or may not be found later, and can be repeated, since writes are keyed by series and time.
public final class StorageEngine: Sendable {
  struct State {
    var databases: [String: DatabaseStore] = [:]
    var listeners: [@Sendable (WriteNotice) -> Void] = []
    var lock: (any FileLock)?
    var isClosed = false
  }

  public let directory: FilePath
  let fileSystem: any FileSystem
  let options: StorageOptions
  let state: Mutex<State>
  /// Creating and dropping a database.
  private let catalog = NameLocks()
  private let background: BackgroundWork
  private let problemList = ProblemList()

  /// Opens the store, creating the directory if it is not there.
  ///
  /// Damaged files are listed in ``problems``, and what is intact is there. Throws
  /// ``StorageError/locked(path:)`` where the directory is in use, and
  /// ``StorageError/unsupportedVersion(path:found:supported:)`` for files of a newer build.
  public init(
    directory: FilePath, fileSystem: any FileSystem = DiskFileSystem(),
    options: StorageOptions = StorageOptions()
  ) throws {
    self.directory = directory
    self.fileSystem = fileSystem
    var syncMilliseconds: Int?
    if case .interval(let interval) = options.syncPolicy { syncMilliseconds = interval }
    background = BackgroundWork(syncMilliseconds: syncMilliseconds)
    try fileSystem.createDurableDirectory(directory)
    let lock = try fileSystem.lock(directory.appending("LOCK"))
    var options = options
    options.isInPlace = { [weak lock] in lock?.isInPlace ?? true }
    self.options = options
    state = Mutex(State(lock: lock))
    let databases = try openDatabases()
    state.withLock { $0.databases = databases }
    if options.usesBackgroundThreads {
      try background.start()
      for store in databases.values { background.add(store) }
    }
  }

  deinit { background.stop() }

  /// Damage found when the store was opened and since, each once.
  public var problems: [StorageError] { problemList.all }

  /// What the write-ahead logs brought back when the store was opened: points whose writers were
  /// told of success, but whose listeners (``onWrite(_:)``) may not have been.
  public var recovered: [WriteNotice] {
    state.withLock { Array($0.databases.values) }.flatMap { store in
      store.monitor.withLock { store.recovered }
    }
  }

  /// Flushes all databases and lets go of the directory. Flushes that are not done within
  /// ``StorageOptions/closingLimit`` are broken off, and what they have not written stays in the
  /// write-ahead log, which the next start reads. So do points that cannot be flushed; the error says
  /// so. Calls that follow throw ``StorageError/closed``.
  public func close() throws {
    let databases = state.withLock { state in
      state.isClosed = true
      return state.databases
    }
    let end = ContinuousClock.now + options.closingLimit
    for store in databases.values { store.endWork(at: end) }
    background.stop()
    let failure = close(databases.sorted { $0.key < $1.key }.map(\.value))
    state.withLock { state in
      state.databases = [:]
      state.lock = nil
    }
    if let failure { throw failure }
  }

  /// Closes stores, several at a time if there are threads; returns the first error.
  private func close(_ stores: [DatabaseStore]) -> (any Error)? {
    let work = Mutex((rest: stores[...], failure: (any Error)?.none))
    let closeSome: @Sendable () -> Void = {
      while let store = work.withLock({ $0.rest.popFirst() }) {
        do { try store.close() } catch { work.withLock { $0.failure = $0.failure ?? error } }
      }
    }
    let helpers = options.usesBackgroundThreads ? min(stores.count, Self.closingThreads) - 1 : 0
    let threads = (0..<max(0, helpers)).compactMap { _ in BackgroundThread(closeSome) }
    closeSome()
    for thread in threads { thread.join() }
    return work.withLock { $0.failure }
  }

  private static let closingThreads = 4

  // The directory of a database is made under another name and renamed, so that it is there whole
  // or not at all; and it is renamed before it is removed. A dot is in no escaped name.
  private var databaseDirectory: FilePath { directory.appending("databases") }

  private func openDatabases() throws -> [String: DatabaseStore] {
    try fileSystem.createDurableDirectory(databaseDirectory)
    var databases: [String: DatabaseStore] = [:]
    for fileName in try fileSystem.list(databaseDirectory) {
      if fileName.hasSuffix(".new") || fileName.hasSuffix(".dropped") {
        try fileSystem.removeTree(databaseDirectory.appending(fileName))
      } else if let name = EscapedName.unescape(fileName) {
        databases[name] = try openDatabase(name, fileName)
      }
    }
    return databases
  }

  private func openDatabase(_ name: String, _ fileName: String) throws -> DatabaseStore {
    let background = background
    return try DatabaseStore.open(
      name: name, at: databaseDirectory.appending(fileName), fileSystem: fileSystem,
      options: options, problems: problemList, wake: { background.wakeFlusher($0) })
  }

  /// Sorted.
  public var databases: [String] {
    state.withLock { $0.databases.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
  }

  /// Creates a database; fine if it is there, whatever its policies.
  ///
  /// - Parameter policy: its default policy; unless told, one that keeps everything.
  public func createDatabase(
    _ name: String, policy: RetentionPolicy = RetentionPolicy(name: RetentionPolicy.automaticName)
  ) throws {
    try policy.validate()
    let fileName = try EscapedName.escape(name)
    try catalog.withLock(name) {
      guard options.isInPlace() else { throw StorageError.replaced(path: directory.string) }
      let isKnown = try state.withLock { state in
        guard !state.isClosed else { throw StorageError.closed }
        return state.databases[name] != nil
      }
      if isKnown { return }
      let temporary = databaseDirectory.appending(fileName + ".new")
      try fileSystem.removeTree(temporary)
      try DatabaseStore.create(at: temporary, policy: policy, on: fileSystem)
      let place = databaseDirectory.appending(fileName)
      // An attempt that failed after its rename left an empty database, which nobody was told of.
      try fileSystem.removeTree(place)
      try fileSystem.rename(temporary, to: place)
      try fileSystem.syncDirectory(databaseDirectory)
      let store = try openDatabase(name, fileName)
      let isOpen = state.withLock { state in
        if !state.isClosed { state.databases[name] = store }
        return !state.isClosed
      }
      guard isOpen else {
        try store.close()
        throw StorageError.closed
      }
      if options.usesBackgroundThreads { background.add(store) }
    }
  }

  /// Drops a database with all it holds. Snapshots of it stay readable.
  public func dropDatabase(_ name: String) throws {
    let fileName = try EscapedName.escape(name)
    try catalog.withLock(name) {
      let store = try store(name)
      let moved = databaseDirectory.appending(fileName + ".dropped")
      try fileSystem.removeTree(moved)
      try store.drop(movingTo: moved)
      state.withLock { $0.databases[name] = nil }
      background.remove(store)
      try fileSystem.syncDirectory(databaseDirectory)
      try fileSystem.removeTree(moved)
    }
  }

  func store(_ database: String) throws -> DatabaseStore {
    try state.withLock { state in
      guard !state.isClosed else { throw StorageError.closed }
      guard let store = state.databases[database] else {
        throw StorageError.databaseNotFound(database)
      }
      return store
    }
  }

  /// The store of a database also while it closes: what an upper layer keeps can be changed until
  /// the last flush is done.
  private func storeForFiles(_ database: String) throws -> DatabaseStore {
    try state.withLock { state in
      guard let store = state.databases[database] else {
        throw state.isClosed ? StorageError.closed : StorageError.databaseNotFound(database)
      }
      return store
    }
  }

  /// Writes points.
  ///
  /// Points whose field types conflict with the measurement's, whose time is out of bounds or whose
  /// series would be too many are left out, each whole, and listed in the outcome. Of two values for
  /// one series, field and time the later write stands.
  ///
  /// - Parameter retentionPolicy: nil is the database's default policy.
  public func write(
    _ batch: PointBatch, to database: String, retentionPolicy: String? = nil
  ) throws -> WriteOutcome {
    let (outcome, notices) = try store(database).write(batch, policyName: retentionPolicy)
    notify(notices)
    return outcome
  }

  /// Calls `handler` after every write and deletion, on the thread of the call, once readers see
  /// what it did. The handler is to be quick and must not write.
  public func onWrite(_ handler: @escaping @Sendable (WriteNotice) -> Void) {
    state.withLock { $0.listeners.append(handler) }
  }

  private func notify(_ notices: [WriteNotice]) {
    if notices.isEmpty { return }
    let listeners = state.withLock { $0.listeners }
    for listener in listeners {
      for notice in notices { listener(notice) }
    }
  }

  /// Nil if there is no database of the name.
  ///
  /// - Parameter damage: decides on what reads of the snapshot find damaged, and is told of it. By
  ///   default they throw.
  public func snapshot(
    of database: String, damage: DamageReport = DamageReport(failure: .always)
  ) -> (any DatabaseSnapshot)? {
    (try? store(database)).map { StoreSnapshot($0, damage: damage) }
  }

  /// Where a database has rows that cannot be read, as far as is known: segments that are damaged or
  /// missing, and blocks that reads found damaged.
  public func unreadableRows(of database: String) -> [UnreadableRows] {
    guard let store = try? store(database) else { return [] }
    let version = store.monitor.withLock { store.version }
    return version.unreadable.map { UnreadableRows(timeRange: $0.entry.timeRange, error: $0.error) }
      + version.segments.compactMap(\.reader.unreadableRows)
  }

  /// A database as of now, to be kept elsewhere. Everything that was acknowledged before the call is
  /// in it: points, deletions, policies, and what upper layers keep.
  public func backup(_ database: String) throws -> DatabaseBackup {
    try store(database).beginBackup()
  }

  /// Writes what is in memory to segments.
  public func flush(_ database: String) throws { try store(database).flush() }

  /// Writes what is in memory to segments and merges these, so that every partition becomes one
  /// segment without deleted rows. The store does as much of that by itself as pays; this is for
  /// data that will be read often, and before copying it elsewhere. Reads and writes go on
  /// meanwhile; snapshots taken before stay readable.
  ///
  /// Throws ``StorageError/corrupt(path:offset:reason:)`` where a segment is damaged: that one stays
  /// as it is, the others are merged.
  public func compact(_ database: String) throws { try store(database).compactAll() }

  /// The policies of a database, the default one first; nil where there is no such database.
  public func retentionPolicies(of database: String) -> [RetentionPolicy]? {
    (try? store(database))?.policies
  }

  /// Adds a policy, or makes an existing one of the same durations the default.
  public func createRetentionPolicy(
    _ policy: RetentionPolicy, in database: String, isDefault: Bool = false
  ) throws {
    try store(database).createPolicy(policy, isDefault: isDefault)
  }

  /// Changes what is given of a policy, durable on return. A shorter duration takes effect with the
  /// next ``enforceRetention()``; another partition duration is for points written from now on.
  public func alterRetentionPolicy(
    _ name: String, in database: String, duration: Int64? = nil, partitionDuration: Int64? = nil,
    makesDefault: Bool = false
  ) throws {
    try store(database).alterPolicy(
      name, duration: duration, partitionDuration: partitionDuration, makesDefault: makesDefault)
  }

  /// Drops a policy with its points, and the series that have none elsewhere; the default one cannot
  /// go.
  public func dropRetentionPolicy(_ name: String, in database: String) throws {
    notify(try store(database).dropPolicy(name))
  }

  /// Removes partitions that are older than their policies keep, and the series that had rows only
  /// there. To be called now and then.
  public func enforceRetention() throws {
    for store in state.withLock({ Array($0.databases.values) }) { try store.enforceRetention() }
  }

  /// Drops a measurement: all of its series, and with them its fields.
  public func dropMeasurement(_ measurement: String, in database: String) throws {
    let store = try store(database)
    try dropSeries(
      StoreSnapshot(store).series(of: measurement, matching: nil).map(\.id), in: database)
  }

  /// Drops series. Their ids are not given again; a later write with the same key makes a new one.
  public func dropSeries(_ series: [SeriesID], in database: String) throws {
    notify(try store(database).dropSeries(series.map(\.rawValue)))
  }

  /// Deletes the rows of series with `from <= time <= through`, in all retention policies. Series
  /// of which no row is left are dropped, as ``dropSeries(_:in:)`` does.
  public func delete(
    _ series: [SeriesID], from: Timestamp, through: Timestamp, in database: String
  ) throws {
    try delete([DeletedSpan(series: series, from: from, through: through)], in: database)
  }

  /// The same for several spans, as one change: all of them go, or none.
  public func delete(_ spans: [DeletedSpan], in database: String) throws {
    notify(try store(database).delete(spans))
  }

  /// Stores a named piece of bytes with a database, durable on return, in the place of one of the
  /// same kind and name.
  public func storeFile(kind: String, name: String, bytes: [UInt8], in database: String) throws {
    let store = try storeForFiles(database)
    try store.files.withLock { try $0.store(kind: kind, name: name, bytes: bytes) }
  }

  /// Nil where there is none of that name; throws where it is damaged.
  public func loadFile(kind: String, name: String, in database: String) throws -> [UInt8]? {
    let store = try storeForFiles(database)
    return try store.files.withLock { try $0.load(kind: kind, name: name) }
  }

  /// The same, without reading it into memory.
  public func openFile(kind: String, name: String, in database: String) throws -> StoredFile? {
    let store = try storeForFiles(database)
    return try store.files.withLock { try $0.open(kind: kind, name: name) }
  }

  /// Names of a kind, sorted.
  public func listFiles(kind: String, in database: String) throws -> [String] {
    let store = try storeForFiles(database)
    return try store.files.withLock { try $0.list(kind: kind) }
  }

  /// False where there is none of that name.
  @discardableResult
  public func removeFile(kind: String, name: String, in database: String) throws -> Bool {
    let store = try storeForFiles(database)
    return try store.files.withLock { try $0.remove(kind: kind, name: name) }
  }

  /// Reads every file and checks every checksum; the damage found, none where all is well.
  public func verify() -> [StorageError] {
    state.withLock { Array($0.databases.values) }.flatMap { $0.verify() }
  }
}

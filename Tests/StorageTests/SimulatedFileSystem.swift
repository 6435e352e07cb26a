import SystemPackage
import TestSupport

@testable import Storage

/// A file system in memory that knows what a power cut would leave, and that can fail, fill up or
/// lose power at any operation.
///
/// Each operation that changes something has a number, from 0. A file's bytes are durable up to its
/// last sync, a name when its directory was synced since.
final class SimulatedFileSystem: FileSystem, @unchecked Sendable {
  /// What becomes of what was not synced.
  enum Loss: CaseIterable {
    /// All of it is gone.
    case everything
    /// Names stay; of each file's tail a part stays.
    case tornTails
    /// Names stay; each file's tail stays as long as it was but for its second half, which is zeros.
    case zeroedTails
    /// The disk did things in an order of its own: of each directory either all changes of names
    /// are gone or none, of each file's tail a part stays, all of it or nothing.
    case reordered
    /// Nothing: as if only the process had died.
    case nothing
  }

  private final class Inode {
    var bytes: [UInt8] = []
    var syncedSize = 0
  }

  private indirect enum Node {
    case file(Inode)
    case directory(Directory)
  }

  private final class Directory {
    var entries: [String: Node] = [:]
    /// The entries as the disk has them.
    var durable: [String: Node] = [:]
  }

  private struct State {
    var root = Directory()
    var locks: Set<String> = []
    var operation = 0
    var log: [(operation: String, path: String)] = []
    var crashAt: Int?
    var failAt: [Int: Int32] = [:]
    var fullFrom: Int?
    var room: Int?
    var observer: ((_ operation: Int, _ left: (Loss) -> SimulatedFileSystem) -> Void)?

    /// Tells the observer what a crash during the operation begun last would leave.
    func observe() {
      guard let observer else { return }
      let number = operation - 1
      observer(number) { SimulatedFileSystem.left(root, $0, seed: UInt64(number)) }
    }
  }

  /// The state and its lock.
  private final class Guarded: @unchecked Sendable {
    private let monitor = Monitor()
    private var state = State()

    func withLock<R>(_ body: (inout State) throws -> R) rethrows -> R {
      try monitor.withLock { try body(&state) }
    }
  }

  private let state = Guarded()

  init() {}

  /// Operations done so far.
  var operationCount: Int { state.withLock { $0.operation } }
  /// What they were.
  var operationLog: [String] { state.withLock { $0.log.map { "\($0.operation) \($0.path)" } } }

  /// The operation of that number and all after it fail.
  func crash(at operation: Int) { state.withLock { $0.crashAt = operation } }

  /// The operation of that number fails, an append after half of it.
  func fail(at operation: Int, errno: Int32 = 5) { state.withLock { $0.failAt[operation] = errno } }

  /// From the operation of that number on what needs room fails, an append after half of it.
  func fill(at operation: Int) { state.withLock { $0.fullFrom = operation } }

  /// Nothing is to fail any more.
  func repair() {
    state.withLock { state in
      state.crashAt = nil
      state.failAt = [:]
      state.fullFrom = nil
      state.room = nil
    }
  }

  /// Bytes that can still be appended; nil for no limit.
  var room: Int? {
    get { state.withLock { $0.room } }
    set { state.withLock { $0.room = newValue } }
  }

  /// What the next start finds. Locks are gone.
  func afterPowerCut(_ loss: Loss, seed: UInt64 = 0) -> SimulatedFileSystem {
    state.withLock { Self.left($0.root, loss, seed: seed) }
  }

  /// Calls `observer` at each operation, with what a crash there would leave: before it is done, an
  /// append half done. The observer must not use this file system.
  func observeCrashes(
    _ observer: @escaping (_ operation: Int, _ left: (Loss) -> SimulatedFileSystem) -> Void
  ) {
    state.withLock { $0.observer = observer }
  }

  private static func left(_ root: Directory, _ loss: Loss, seed: UInt64) -> SimulatedFileSystem {
    var generator = SeededGenerator(seed: seed)
    let next = SimulatedFileSystem()
    let root = left(root, loss, &generator)
    next.state.withLock { $0.root = root }
    return next
  }

  private static func left(
    _ directory: Directory, _ loss: Loss, _ generator: inout SeededGenerator
  ) -> Directory {
    let copy = Directory()
    let isDurable =
      switch loss {
      case .everything: true
      case .reordered: Bool.random(using: &generator)
      default: false
      }
    let entries = isDurable ? directory.durable : directory.entries
    for (name, node) in entries.sorted(by: { $0.key < $1.key }) {
      switch node {
      case .directory(let inner): copy.entries[name] = .directory(left(inner, loss, &generator))
      case .file(let inode): copy.entries[name] = .file(left(inode, loss, &generator))
      }
    }
    copy.durable = copy.entries
    return copy
  }

  private static func left(
    _ inode: Inode, _ loss: Loss, _ generator: inout SeededGenerator
  ) -> Inode {
    let copy = Inode()
    let tail = inode.bytes.count - inode.syncedSize
    switch loss {
    case .everything: copy.bytes = Array(inode.bytes[..<inode.syncedSize])
    case .nothing: copy.bytes = inode.bytes
    case .reordered where Bool.random(using: &generator):
      copy.bytes =
        Bool.random(using: &generator) ? inode.bytes : Array(inode.bytes[..<inode.syncedSize])
    case .tornTails, .reordered:
      let kept = tail == 0 ? 0 : Int.random(in: 0...tail, using: &generator)
      copy.bytes = Array(inode.bytes[..<(inode.syncedSize + kept)])
    case .zeroedTails:
      copy.bytes = inode.bytes
      for index in (inode.bytes.count - tail / 2)..<inode.bytes.count { copy.bytes[index] = 0 }
    }
    copy.syncedSize = copy.bytes.count
    return copy
  }

  /// The paths of all files, sorted.
  var paths: [String] {
    func paths(_ directory: Directory, _ prefix: String) -> [String] {
      directory.entries.flatMap { name, node in
        switch node {
        case .file: [prefix + "/" + name]
        case .directory(let inner): paths(inner, prefix + "/" + name)
        }
      }
    }
    return state.withLock { paths($0.root, "") }.sorted()
  }

  /// Of all names and bytes.
  var fingerprint: Int {
    func combine(_ directory: Directory, into hasher: inout Hasher) {
      for (name, node) in directory.entries.sorted(by: { $0.key < $1.key }) {
        hasher.combine(name)
        switch node {
        case .file(let inode): inode.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        case .directory(let inner): combine(inner, into: &hasher)
        }
      }
      hasher.combine(directory.entries.count)
    }
    return state.withLock {
      var hasher = Hasher()
      combine($0.root, into: &hasher)
      return hasher.finalize()
    }
  }

  func contents(_ path: String) -> [UInt8]? {
    state.withLock { try? Self.file($0.root, FilePath(path), "open").bytes }
  }

  /// Damages a file (or with nil removes it) behind the store's back.
  func tamper(_ path: String, _ bytes: [UInt8]?) {
    state.withLock { state in
      let path = FilePath(path)
      guard let parent = Self.parent(state.root, path), let name = path.parts.last else {
        return
      }
      let inode = Inode()
      inode.bytes = bytes ?? []
      inode.syncedSize = inode.bytes.count
      parent.entries[name] = bytes == nil ? nil : .file(inode)
      parent.durable[name] = parent.entries[name]
    }
  }

  private func step(_ state: inout State, _ operation: String, _ path: FilePath) throws {
    let number = state.operation
    state.operation += 1
    state.log.append((operation, path.string))
    if let crash = state.crashAt, number >= crash {
      throw StorageError.io(operation: operation, path: path.string, errno: 5)
    }
    if let full = state.fullFrom, number >= full, ["append", "create", "mkdir"].contains(operation)
    {
      throw StorageError.io(operation: operation, path: path.string, errno: 28)
    }
    if let errno = state.failAt[number] {
      throw StorageError.io(operation: operation, path: path.string, errno: errno)
    }
    if operation != "append" { state.observe() }
  }

  private static func node(_ root: Directory, _ path: FilePath) -> Node? {
    var node = Node.directory(root)
    for component in path.parts {
      guard case .directory(let directory) = node, let next = directory.entries[component]
      else { return nil }
      node = next
    }
    return node
  }

  private static func directory(_ root: Directory, _ path: FilePath) -> Directory? {
    guard case .directory(let directory) = node(root, path) else { return nil }
    return directory
  }

  private static func parent(_ root: Directory, _ path: FilePath) -> Directory? {
    directory(root, FilePath(path.parts.dropLast().joined(separator: "/")))
  }

  private static func missing(_ path: FilePath, _ operation: String) -> StorageError {
    .io(operation: operation, path: path.string, errno: 2)
  }

  private static func file(_ root: Directory, _ path: FilePath, _ operation: String) throws
    -> Inode
  {
    guard case .file(let inode) = node(root, path) else { throw missing(path, operation) }
    return inode
  }

  func createDirectory(_ path: FilePath) throws {
    try state.withLock { state in
      if Self.directory(state.root, path) != nil { return }
      try step(&state, "mkdir", path)
      var directory = state.root
      for component in path.parts {
        if case .directory(let inner) = directory.entries[component] {
          directory = inner
        } else {
          let inner = Directory()
          directory.entries[component] = .directory(inner)
          directory = inner
        }
      }
    }
  }

  func list(_ path: FilePath) throws -> [String] {
    try state.withLock { state in
      guard let directory = Self.directory(state.root, path) else {
        throw Self.missing(path, "opendir")
      }
      return directory.entries.keys.sorted()
    }
  }

  func exists(_ path: FilePath) -> Bool { state.withLock { Self.node($0.root, path) != nil } }

  func isWritable(_ path: FilePath) -> Bool {
    state.withLock { Self.directory($0.root, path) != nil }
  }

  func size(_ path: FilePath) throws -> Int {
    try state.withLock { try Self.file($0.root, path, "stat").bytes.count }
  }

  func create(_ path: FilePath) throws -> any AppendableFile {
    try state.withLock { state in
      try step(&state, "create", path)
      guard let parent = Self.parent(state.root, path), let name = path.parts.last else {
        throw Self.missing(path, "open")
      }
      if case .file(let inode) = parent.entries[name] {
        inode.bytes = []
        inode.syncedSize = 0
        return File(self, inode, path)
      }
      let inode = Inode()
      parent.entries[name] = .file(inode)
      return File(self, inode, path)
    }
  }

  func openForAppending(_ path: FilePath, at offset: Int) throws -> any AppendableFile {
    try state.withLock { state in
      try step(&state, "truncate", path)
      let inode = try Self.file(state.root, path, "open")
      inode.bytes.removeSubrange(min(offset, inode.bytes.count)...)
      inode.syncedSize = min(inode.syncedSize, inode.bytes.count)
      return File(self, inode, path)
    }
  }

  func map(_ path: FilePath) throws -> MappedFile {
    MappedFile(
      copying: try state.withLock { try Self.file($0.root, path, "open").bytes })
  }

  func rename(_ source: FilePath, to destination: FilePath) throws {
    try state.withLock { state in
      try step(&state, "rename", source)
      guard let from = Self.parent(state.root, source), let old = source.parts.last,
        let to = Self.parent(state.root, destination), let new = destination.parts.last,
        let node = from.entries[old]
      else { throw Self.missing(source, "rename") }
      if case .directory(let there) = to.entries[new], !there.entries.isEmpty {
        throw StorageError.io(operation: "rename", path: source.string, errno: 39)
      }
      from.entries[old] = nil
      to.entries[new] = node
    }
  }

  func remove(_ path: FilePath) throws {
    try state.withLock { state in
      try step(&state, "remove", path)
      _ = try Self.file(state.root, path, "unlink")
      Self.unlink(state.root, path)
    }
  }

  private static func unlink(_ root: Directory, _ path: FilePath) {
    guard let name = path.parts.last else { return }
    parent(root, path)?.entries[name] = nil
  }

  func removeTree(_ path: FilePath) throws {
    try state.withLock { state in
      if Self.node(state.root, path) == nil { return }
      try step(&state, "removeTree", path)
      Self.unlink(state.root, path)
    }
  }

  func syncDirectory(_ path: FilePath) throws {
    try state.withLock { state in
      try step(&state, "syncDirectory", path)
      guard let directory = Self.directory(state.root, path) else {
        throw Self.missing(path, "open")
      }
      directory.durable = directory.entries
    }
  }

  func lock(_ path: FilePath) throws -> any FileLock {
    try state.withLock { state in
      guard state.locks.insert(path.string).inserted else {
        throw StorageError.locked(path: path.string)
      }
      return Lock(self, path.string)
    }
  }

  func sharedLock(_ path: FilePath) throws -> (any FileLock)? { try lock(path) }

  private final class Lock: FileLock, Sendable {
    private let owner: SimulatedFileSystem
    private let path: String
    init(_ owner: SimulatedFileSystem, _ path: String) {
      self.owner = owner
      self.path = path
    }
    var isInPlace: Bool { true }

    deinit { owner.state.withLock { _ = $0.locks.remove(path) } }
  }

  private final class File: AppendableFile, @unchecked Sendable {
    private let owner: SimulatedFileSystem
    private let inode: Inode
    private let path: FilePath

    init(_ owner: SimulatedFileSystem, _ inode: Inode, _ path: FilePath) {
      self.owner = owner
      self.inode = inode
      self.path = path
    }

    var size: Int { owner.state.withLock { _ in inode.bytes.count } }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
      try owner.state.withLock { state in
        do {
          try owner.step(&state, "append", path)
        } catch {
          inode.bytes += bytes.prefix(bytes.count / 2)
          throw error
        }
        if let room = state.room {
          let taken = min(room, bytes.count)
          inode.bytes += bytes.prefix(taken)
          state.room = room - taken
          if taken < bytes.count {
            throw StorageError.io(operation: "write", path: path.string, errno: 28)
          }
          return
        }
        let half = bytes.count / 2
        inode.bytes += bytes.prefix(half)
        state.observe()
        inode.bytes += bytes.dropFirst(half)
      }
    }

    func sync() throws {
      try owner.state.withLock { state in
        try owner.step(&state, "sync", path)
        inode.syncedSize = inode.bytes.count
      }
    }

    func close() throws {}
  }
}

extension FilePath {
  /// The components. (The type's own are slow without optimization, and crash tests ask often.)
  fileprivate var parts: [String] { string.split(separator: "/").map(String.init) }
}

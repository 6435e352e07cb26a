import SystemPackage
import TimeSeries

/// A database's manifest: a log of edits, each committed as one record, and kept twice. See
/// FORMAT.md.
struct Manifest {
  static let magic = "VIGILMAN"

  private(set) var state: ManifestState
  /// Whether edits may be missing from ``state``: what could be read was not all there was.
  private(set) var lacksEdits = false
  private var log: MirroredLogFile
  private let path: FilePath

  /// A database that begins with a state.
  init(
    creatingIn layout: DatabaseLayout, state: ManifestState, on fileSystem: any FileSystem
  ) throws {
    self.state = state
    path = layout.manifest
    log = MirroredLogFile(
      file: layout.manifest, copy: layout.manifestCopy, magic: Self.magic)
    try log.rewrite([ManifestEdit.encode(state.snapshot)], on: fileSystem)
  }

  /// An existing one. With `problems`, what could be read is `state`, and the first commit writes
  /// new files.
  ///
  /// The copy stands in for a manifest that is damaged or shorter. Old stores have none.
  init(
    opening layout: DatabaseLayout, on fileSystem: any FileSystem,
    problems: inout [StorageError]
  ) throws {
    path = layout.manifest
    log = MirroredLogFile(
      file: layout.manifest, copy: layout.manifestCopy, magic: Self.magic)
    let file = try Reading(layout.manifest, on: fileSystem)
    let hasCopy = fileSystem.exists(layout.manifestCopy)
    let copy = try hasCopy ? Reading(layout.manifestCopy, on: fileSystem) : nil
    if let copy { problems += copy.problems }
    state = file.state
    guard file.problems.isEmpty else {
      problems += file.problems
      if let copy, copy.problems.isEmpty {
        state = copy.state
      } else {
        lacksEdits = true
        if let copy, copy.recordCount > file.recordCount { state = copy.state }
      }
      return
    }
    if let copy, copy.problems.isEmpty, copy.validBytes.count > file.validBytes.count,
      copy.validBytes.starts(with: file.validBytes)
    {
      // A record is in the copy once the file has it, so it was there.
      state = copy.state
      problems.append(
        .corrupt(
          path: layout.manifest.string, offset: file.validBytes.count,
          reason: "cut short, it had \(copy.validBytes.count) bytes"))
      return
    }
    try log.resume(
      at: file.validBytes.count, isCopied: copy?.validBytes == file.validBytes, on: fileSystem)
  }

  /// A file as it was read.
  private struct Reading {
    var state = ManifestState()
    /// Up to the end of the last good record.
    var validBytes: [UInt8] = []
    var recordCount = 0
    var problems: [StorageError] = []

    init(_ path: FilePath, on fileSystem: any FileSystem) throws {
      guard fileSystem.exists(path) else {
        problems = [.missing(path: path.string)]
        return
      }
      let map = try fileSystem.map(path)
      do {
        try map.withBytes { try read($0, path: path) }
      } catch let error as StorageError {
        if case .unsupportedVersion = error { throw error }
        problems.append(error)
      }
    }

    /// Applies all edits that can be read.
    private mutating func read(_ bytes: UnsafeRawBufferPointer, path: FilePath) throws {
      let contents = try RecordLog.read(bytes, path: path, magic: Manifest.magic)
      problems += contents.problems
      for record in contents.records {
        do {
          for edit in try ManifestEdit.decode(record.payload) { state.apply(edit) }
        } catch {
          problems.append(.corrupt(path: path.string, offset: record.offset, reason: "\(error)"))
        }
      }
      if contents.records.isEmpty {
        problems.append(
          .corrupt(path: path.string, offset: contents.validSize, reason: "holds no records"))
      }
      recordCount = contents.records.count
      validBytes = Array(bytes[..<contents.validSize])
    }
  }

  /// Makes the edits durable together, then applies them. After a throw the state is as before.
  mutating func commit(_ edits: [ManifestEdit], on fileSystem: any FileSystem) throws {
    try keepEvidence(on: fileSystem)
    var next = state
    for edit in edits { next.apply(edit) }
    try log.commit(
      ManifestEdit.encode(edits), snapshot: { [ManifestEdit.encode(next.snapshot)] },
      on: fileSystem)
    state = next
  }

  /// Takes into the state what was found without the manifest; durable with the next commit, which
  /// writes the whole state.
  mutating func adopt(_ edits: [ManifestEdit]) {
    if edits.isEmpty { return }
    log.requireRewrite()
    for edit in edits { state.apply(edit) }
  }

  /// Makes the next commit or ``repair(on:)`` write the whole state.
  mutating func requireRewrite() { log.requireRewrite() }

  /// Notes that edits are missing which nothing in the files told of.
  mutating func noteLostEdits() { lacksEdits = true }

  /// Writes the whole state where the files lack some of it, so that the next damage does not find
  /// a manifest without a copy. What could not be read is kept as evidence.
  mutating func repair(on fileSystem: any FileSystem) throws {
    guard log.isRewriteDue else { return }
    try keepEvidence(on: fileSystem)
    try log.rewrite([ManifestEdit.encode(state.snapshot)], on: fileSystem)
  }

  /// Before the first file that lacks edits for good replaces the damaged one.
  private mutating func keepEvidence(on fileSystem: any FileSystem) throws {
    guard lacksEdits else { return }
    try DamageEvidence.keep(path, on: fileSystem)
    lacksEdits = false
  }

  mutating func close() throws { try log.close() }
}

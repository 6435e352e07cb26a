import SystemPackage
import TimeSeries

/// A database's manifest: a log of edits, each committed as one record. See FORMAT.md.
struct Manifest {
  static let magic = "VIGILMAN"

  private(set) var state: ManifestState
  private var log: RecordLogFile

  /// A database that begins with a state.
  init(
    creatingIn layout: DatabaseLayout, state: ManifestState, on fileSystem: any FileSystem
  ) throws {
    self.state = state
    log = RecordLogFile(
      path: layout.manifest, replacementPath: layout.manifestReplacement, magic: Self.magic)
    try log.rewrite([ManifestEdit.encode(state.snapshot)], on: fileSystem)
  }

  /// An existing one. With `problems`, what could be read is `state`, and the first commit writes a
  /// new file.
  init(
    opening layout: DatabaseLayout, on fileSystem: any FileSystem,
    problems: inout [StorageError]
  ) throws {
    state = ManifestState()
    log = RecordLogFile(
      path: layout.manifest, replacementPath: layout.manifestReplacement, magic: Self.magic)
    guard fileSystem.exists(layout.manifest) else {
      problems.append(.missing(path: layout.manifest.string))
      return
    }
    let map = try fileSystem.map(layout.manifest)
    do {
      let validSize = try map.withBytes { try read($0, path: layout.manifest, &problems) }
      if problems.isEmpty { try log.resume(at: validSize, on: fileSystem) }
    } catch let error as StorageError {
      if case .unsupportedVersion = error { throw error }
      problems.append(error)
    }
  }

  /// Applies all edits of a file that can be read; returns the length of its good part.
  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, path: FilePath, _ problems: inout [StorageError]
  ) throws -> Int {
    let contents = try RecordLog.read(bytes, path: path, magic: Self.magic)
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
    return contents.validSize
  }

  /// Makes the edits durable together, then applies them. After a throw the state is as before.
  mutating func commit(_ edits: [ManifestEdit], on fileSystem: any FileSystem) throws {
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

  mutating func close() throws { try log.close() }
}

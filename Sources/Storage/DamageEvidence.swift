import SystemPackage

/// Files that say that rows or edits of a database were lost: damaged ones that the store no longer
/// needs and that hold what nothing else has.
///
/// A start that meets damage goes on with what is intact, and later writes a new manifest or lets go
/// of a log. The damaged file is then kept under its name with `.damaged` behind it, an empty one
/// stands for a file that was missing. As long as one is there, opening, verifying and queries report
/// it and a backup fails; `vigild repair` sets it aside.
enum DamageEvidence {
  static let suffix = ".damaged"

  /// A name for the evidence of a damaged file that no other evidence has.
  static func path(for file: FilePath, on fileSystem: any FileSystem) -> FilePath {
    names(for: file).first { !fileSystem.exists($0) } ?? file
  }

  /// `FILE.damaged`, `FILE.2.damaged`, and so on.
  private static func names(for file: FilePath) -> some Sequence<FilePath> {
    (1..<1000).lazy.map { number in
      FilePath(file.string + (number == 1 ? "" : ".\(number)") + suffix)
    }
  }

  /// Keeps the bytes of a damaged file, which itself is about to be replaced; none of a file that is
  /// missing. Does nothing if there is evidence with just these.
  static func keep(_ file: FilePath, on fileSystem: any FileSystem) throws {
    func bytes(_ path: FilePath) throws -> [UInt8] {
      try fileSystem.map(path).withBytes(Array.init)
    }
    let content = fileSystem.exists(file) ? try bytes(file) : []
    for path in names(for: file) {
      if fileSystem.exists(path) {
        if try bytes(path) == content { return }
        continue
      }
      let kept = try fileSystem.create(path)
      try kept.append(content)
      try kept.sync()
      try kept.close()
      return try fileSystem.syncDirectory(file.removingLastComponent())
    }
  }

  /// Evidence in a database's directories, sorted.
  static func files(of layout: DatabaseLayout, on fileSystem: any FileSystem) -> [FilePath] {
    [layout.root, layout.walDirectory].flatMap { directory in
      ((try? fileSystem.list(directory)) ?? []).filter { $0.hasSuffix(suffix) }
        .map { directory.appending($0) }
    }
  }

  /// What evidence is reported as.
  static func problem(_ path: FilePath) -> StorageError {
    .corrupt(
      path: path.string, offset: 0,
      reason: "kept by an earlier start: not all that it held is in the store")
  }
}

import SystemPackage

/// Makes the store in a directory whole again, as far as what is there allows, and says what is lost.
///
/// Manifest and series log are written anew from what is left of them and from the segments, the
/// write-ahead log goes to segments. What is damaged and cannot be made good is moved to the
/// directory `set-aside` of its database and never deleted; of a damaged segment the rows that can be
/// read are kept. Afterwards the store has no damage.
public struct DirectoryRepair {
  let fileSystem: any FileSystem
  let isDryRun: Bool
  let checkContent: ContentCheck
  let report: (String) -> Void
  /// Things found that are not as they were written.
  private(set) var findings = 0

  /// - Parameters:
  ///   - isDryRun: changes nothing, and reports what would be done.
  ///   - checkContent: for the files of upper layers.
  ///   - report: gets a line for each thing that is wrong and what becomes of it.
  /// - Returns: how many those were.
  /// - Throws: ``StorageError/locked(path:)`` if the directory is in use,
  ///   ``StorageError/missing(path:)`` if it is no store's, and what prevents a repair: no room, or
  ///   files of a newer build.
  @discardableResult
  public static func run(
    _ directory: FilePath, isDryRun: Bool, fileSystem: any FileSystem = DiskFileSystem(),
    checkContent: @escaping ContentCheck = { _, _, _, _ in }, report: (String) -> Void
  ) throws -> Int {
    let root = directory.appending("databases")
    guard fileSystem.exists(root) else { throw StorageError.missing(path: root.string) }
    let path = directory.appending("LOCK")
    let lock: (any FileLock)? =
      isDryRun ? try fileSystem.sharedLock(path) : try fileSystem.lock(path)
    defer { withExtendedLifetime(lock) {} }
    return try withoutActuallyEscaping(report) { report in
      var repair = DirectoryRepair(
        fileSystem: isDryRun ? ReadOnlyFileSystem(base: fileSystem) : fileSystem,
        isDryRun: isDryRun, checkContent: checkContent, report: report)
      for fileName in try fileSystem.list(root) {
        guard let name = EscapedName.unescape(fileName) else { continue }
        try repair.repairDatabase(name, at: root.appending(fileName))
      }
      return repair.findings
    }
  }

  private mutating func repairDatabase(_ name: String, at root: FilePath) throws {
    var options = StorageOptions(memtableLimit: .max / 4)
    options.usesBackgroundThreads = false
    let problems = ProblemList()
    // Opening writes the manifest and files of upper layers anew where their copies are good.
    let store = try DatabaseStore.open(
      name: name, at: root, fileSystem: fileSystem, options: options, problems: problems,
      wake: { _ in })
    var repair = DatabaseRepair(
      store: store, isDryRun: isDryRun, checkContent: checkContent, report: report)
    try repair.run(problems.all)
    findings += repair.findings
    if !isDryRun { try store.close() }
  }
}

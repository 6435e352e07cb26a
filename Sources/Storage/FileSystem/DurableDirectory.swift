import SystemPackage

extension FileSystem {
  /// Creates a directory and the missing ones above it so that a power cut does not take them back;
  /// fine if it is there.
  func createDurableDirectory(_ path: FilePath) throws {
    if exists(path) { return }
    var parent = path.removingLastComponent()
    if parent.isEmpty { parent = "." }
    if parent != path { try createDurableDirectory(parent) }
    try createDirectory(path)
    try syncDirectory(parent)
  }
}

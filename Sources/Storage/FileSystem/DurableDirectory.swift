import SystemPackage

extension FileSystem {
  /// Creates a directory and the missing ones above it so that a power cut does not take them back;
  /// fine if it is there.
  func createDurableDirectory(_ path: FilePath) throws {
    var parent = path.removingLastComponent()
    if parent.isEmpty { parent = "." }
    if exists(path) {
      // Whoever made it may have failed, or died, before the sync. Who may not even read the parent
      // did not make it.
      do {
        try syncDirectory(parent)
      } catch StorageError.io(_, _, Errno.permissionDenied.rawValue) {}
      return
    }
    if parent != path { try createDurableDirectory(parent) }
    try createDirectory(path)
    try syncDirectory(parent)
  }
}

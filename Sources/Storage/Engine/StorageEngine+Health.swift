extension StorageEngine {
  /// What keeps points from being taken in or made durable at this moment; empty if nothing does.
  /// It asks the system a few questions for each database and reads no file.
  public var failures: [StorageError] {
    let stores = state.withLock { $0.isClosed ? nil : $0.databases.sorted { $0.key < $1.key } }
    guard let stores else { return [.closed] }
    guard options.isInPlace() else { return [.replaced(path: directory.string)] }
    return stores.flatMap { $0.value.failures }
  }
}

extension DatabaseStore {
  /// Whoever takes a failing server out of service sends it no write that could succeed.
  private static let failureCounts = Duration.seconds(60)

  /// Directories without which nothing can be written, then what failed and did not succeed since:
  /// a flush, which is tried again every second, or within the last minute an append or a sync.
  var failures: [StorageError] {
    for directory in [layout.root, layout.walDirectory, layout.segmentDirectory]
    where !fileSystem.isWritable(directory) {
      return [
        fileSystem.exists(directory)
          ? .io(operation: "access", path: directory.string, errno: 13)
          : .missing(path: directory.string)
      ]
    }
    let (flush, log) = monitor.withLock { (flushFailure, wal.lastFailure) }
    let recent = log.flatMap { $0.time.duration(to: .now) < Self.failureCounts ? $0.error : nil }
    return [recent, flush].compactMap { $0 }.map { .wrapping($0, path: layout.root.string) }
  }
}

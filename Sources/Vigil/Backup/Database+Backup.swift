import Storage
import TimeSeries

extension Database {
  /// Hands out a database as of one moment, with everything that was acknowledged before the call,
  /// as the stream that a ``BackupReceiver`` takes.
  ///
  /// Writers are not kept waiting, continuous queries for as long as what is in memory takes to be
  /// written to segments.
  ///
  /// - Parameters:
  ///   - known: names of segments that are left out, ``BackupReceiver/known``.
  ///   - emit: gets the stream piece by piece, and may block.
  public func backup(
    _ database: String, except known: Set<String>,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws {
    try await threads.run { [self] in
      let backup = try continuousQueries.scheduler.withoutRuns { try engine.backup(database) }
      try backup.send(except: known, to: emit)
    }
  }

  /// A name for a backup made at `time`: `20260131T235959999Z`, milliseconds last. Later ones sort
  /// behind earlier ones.
  public static func backupName(at time: Timestamp = wallClock()) -> String {
    let parts = TimestampText.rfc3339(time).dropLast().split(separator: ".")
    let fraction = parts.count > 1 ? parts[1] : ""
    return parts[0].filter { $0 != "-" && $0 != ":" }
      + (fraction + "000").prefix(3) + "Z"
  }
}

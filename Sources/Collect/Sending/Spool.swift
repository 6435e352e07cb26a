/// Batches on disk, first in, first out, within a bound.
///
/// A directory:
///
///     lock                       held by the collector that uses the spool
///     counts                     what was lost and why (`SpoolCounts`)
///     00000000000000000042.batch one batch (`BatchFile`), named by its number in ascending order
///     00000000000000000041.damaged  a batch that was found damaged, set aside
///     *.tmp                      being written; removed when the spool is opened
///
/// A file is written under a temporary name, synced, renamed, and then the directory is synced: a
/// batch that `append` returned for survives a power cut, and half a batch is never taken for one.
/// It is removed, durably, only after the server acknowledged it, after it was refused, or to keep
/// the bound; the last two are counted before, so that the counts miss nothing and count nothing
/// twice wherever the collector dies.
///
/// A collector that dies between the server's acknowledgement and the removal sends the batch again.
/// So does one whose answer was lost. Its points have the same series and timestamps, and the store
/// holds one value a series, field and time (the last written), so they are the same points.
///
/// Not thread safe: it belongs to one ``Sender``.
public final class Spool {
  private let directory: String
  private let fileSystem: any SpoolFileSystem
  private let byteLimit: Int
  private let lock: any SpoolLock
  private var entries: ArraySlice<Entry> = []
  private var setAside: ArraySlice<Entry> = []
  private var nextNumber: UInt64 = 1
  private var countsAreWritten = true

  private(set) var counts = SpoolCounts()
  /// On disk, files rounded up to whole blocks, those set aside among them.
  private(set) var byteCount = 0
  /// Whether the counts of earlier runs could not be read and began again at 0.
  public private(set) var lostCounts = false
  /// The first batch is on its way to the server, and is not removed to keep the bound.
  var isFirstInFlight = false

  private struct Entry {
    var number: UInt64
    /// 0 where damage hides it.
    var lineCount: Int
    /// Nil where the header is damaged or does not fit the file: the body is not read then.
    var size: Int?
    var bytesOnDisk: Int

    init(number: UInt64, lineCount: Int, size: Int) {
      self.number = number
      self.lineCount = lineCount
      self.size = size
      bytesOnDisk = Self.bytesOnDisk(size)
    }

    init(number: UInt64, found file: (bytes: [UInt8], size: Int)?) {
      let header = file.flatMap { BatchFile.Header($0.bytes) }
      let isSound =
        header?.number == number && header?.length == file.map { $0.size - BatchFile.headerSize }
      self.number = number
      lineCount = header?.lineCount ?? 0
      size = isSound ? file?.size : nil
      bytesOnDisk = Self.bytesOnDisk(file?.size ?? 0)
    }

    /// In whole blocks. A file with a hole may claim any size: more than a TiB is not believed.
    static func bytesOnDisk(_ size: Int) -> Int {
      (min(max(1, size), 1 << 40) + 4095) / 4096 * 4096
    }
  }

  /// Opens a spool, or makes it, and goes on where the last collector ended.
  ///
  /// - Parameter byteLimit: for all files together, each rounded up to blocks of 4 KiB.
  /// - Throws: ``SpoolError``; ``SpoolError/locked(path:)`` where another collector uses it.
  public init(
    directory: String, byteLimit: Int, fileSystem: any SpoolFileSystem = SpoolDisk()
  ) throws {
    self.directory = directory
    self.byteLimit = byteLimit
    self.fileSystem = fileSystem
    try fileSystem.createDirectory(directory)
    lock = try fileSystem.lock("\(directory)/\(SpoolFiles.lock)")
    let names = try fileSystem.list(directory).sorted()
    try readCounts(names)
    try findBatches(names)
    _ = try makeRoom(for: 0)
  }

  var batchCount: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// Takes a batch in, durably. Where there is no room the oldest batches go, and are counted.
  ///
  /// - Throws: where the batch is not on disk.
  func append(_ batch: Batch) throws {
    let bytes = BatchFile.encode(batch, number: nextNumber)
    let entry = Entry(number: nextNumber, lineCount: batch.lineCount, size: bytes.count)
    guard try makeRoom(for: entry.bytesOnDisk) else {
      counts.droppedBatches.add(1)
      counts.droppedLines.add(batch.lineCount)
      return try writeCounts()
    }
    let path = path(nextNumber, .batch)
    do {
      try replace(path, with: bytes)
    } catch {
      // It may be there after all; what the caller does with it next must not meet a copy.
      try? fileSystem.remove(path)
      throw error
    }
    entries.append(entry)
    byteCount += entry.bytesOnDisk
    nextNumber += 1
    if !countsAreWritten { try? writeCounts() }
  }

  /// The oldest batch; damaged ones before it are set aside. Nil where there is none.
  func first() throws -> Batch? {
    while let entry = entries.first {
      if let batch = whole(entry) { return batch }
      try setFirstAside()
    }
    return nil
  }

  /// How the first batch left.
  enum Ending {
    case acknowledged
    /// The server took none of it.
    case refused
    /// The server took it except for this many lines.
    case partlyRefused(lines: Int)
  }

  /// Removes the first batch.
  ///
  /// Where the disk does not let it, the batch is forgotten all the same, and comes back, as the
  /// same points, when the spool is opened again.
  func removeFirst(_ ending: Ending) throws {
    guard let entry = entries.popFirst() else { return }
    byteCount -= entry.bytesOnDisk
    let counting = Result {
      guard count(ending, lines: entry.lineCount) else { return }
      counts.countedFrom = entry.number
      counts.countedTo = entry.number + 1
      try writeCounts()
    }
    try remove([path(entry.number, .batch)])
    try counting.get()
  }

  /// Counts a batch that left before it could be spooled.
  func count(_ ending: Ending, of batch: Batch) {
    if count(ending, lines: batch.lineCount) { try? writeCounts() }
  }

  /// - Returns: whether there was something to count.
  private func count(_ ending: Ending, lines: Int) -> Bool {
    switch ending {
    case .acknowledged: return false
    case .refused:
      counts.refusedBatches.add(1)
      counts.refusedLines.add(lines)
    case .partlyRefused(let refusedLines): counts.refusedLines.add(refusedLines)
    }
    return true
  }

  /// Counts lines that memory had no room for while the disk took nothing.
  func countUnwritten(_ lines: Int) {
    counts.unwrittenLines.add(lines)
    countsAreWritten = false
  }

  private func whole(_ entry: Entry) -> Batch? {
    // A file that cannot be read (a bad block) is as lost as one that reads wrong.
    guard let size = entry.size,
      let file = try? fileSystem.read(path(entry.number, .batch), limit: size), file.size == size
    else { return nil }
    return BatchFile.decode(file.bytes, number: entry.number)
  }

  private func setFirstAside() throws {
    guard let entry = entries.first else { return }
    counts.damagedBatches.add(1)
    counts.damagedLines.add(entry.lineCount)
    counts.countedFrom = entry.number
    counts.countedTo = entry.number + 1
    entries.removeFirst()
    setAside.append(entry)
    let counting = Result { try writeCounts() }
    try fileSystem.rename(path(entry.number, .batch), to: path(entry.number, .damaged))
    try fileSystem.syncDirectory(directory)
    try counting.get()
  }

  /// Removes the oldest files: those set aside, which are counted already, then batches.
  ///
  /// - Returns: whether there is room now.
  private func makeRoom(for bytes: Int) throws -> Bool {
    let excess = byteCount + bytes - byteLimit
    guard excess > 0 else { return true }
    var freed = 0
    func fill(_ candidates: ArraySlice<Entry>) -> ArraySlice<Entry> {
      candidates.prefix {
        guard freed < excess else { return false }
        freed += $0.bytesOnDisk
        return true
      }
    }
    let forgotten = fill(setAside)
    let dropped = fill(entries.dropFirst(isFirstInFlight ? 1 : 0))
    if let first = dropped.first, let last = dropped.last {
      var planned = counts
      planned.droppedBatches.add(dropped.count)
      for entry in dropped { planned.droppedLines.add(entry.lineCount) }
      planned.countedFrom = first.number
      planned.countedTo = last.number + 1
      // Nothing is changed where the counts cannot be written.
      try writeCounts(planned)
    }
    setAside.removeFirst(forgotten.count)
    entries.removeSubrange(dropped.indices)
    byteCount -= freed
    try remove(
      forgotten.map { path($0.number, .damaged) } + dropped.map { path($0.number, .batch) })
    return freed >= excess
  }

  private func readCounts(_ names: [String]) throws {
    guard names.contains(SpoolFiles.counts) else { return }
    let path = "\(directory)/\(SpoolFiles.counts)"
    if let file = try? fileSystem.read(path, limit: SpoolCounts.size),
      file.size == SpoolCounts.size, let read = SpoolCounts(file.bytes),
      read.countedFrom <= read.countedTo, read.countedTo < SpoolFiles.largestNumber
    {
      counts = read
      nextNumber = max(1, read.countedTo)
    } else {
      lostCounts = true
      try fileSystem.rename(path, to: "\(directory)/\(SpoolFiles.damagedCounts)")
      try fileSystem.syncDirectory(directory)
    }
  }

  /// - Parameter names: sorted.
  private func findBatches(_ names: [String]) throws {
    var doomed = names.filter { $0.hasSuffix(SpoolFiles.temporarySuffix) }
      .map { "\(directory)/\($0)" }
    for name in names {
      guard let (number, kind) = SpoolFiles.parse(name) else { continue }
      nextNumber = max(nextNumber, number + 1)
      let path = "\(directory)/\(name)"
      if kind == .batch, (counts.countedFrom..<counts.countedTo).contains(number) {
        doomed.append(path)
        continue
      }
      // What is wrong with a file is found, and counted, when its turn comes.
      let file = try? fileSystem.read(path, limit: BatchFile.headerSize)
      let entry = Entry(number: number, found: file)
      byteCount += entry.bytesOnDisk
      if kind == .damaged { setAside.append(entry) } else { entries.append(entry) }
    }
    try remove(doomed)
  }

  private func writeCounts() throws {
    countsAreWritten = false
    try writeCounts(counts)
  }

  private func writeCounts(_ new: SpoolCounts) throws {
    try replace("\(directory)/\(SpoolFiles.counts)", with: new.encoded)
    counts = new
    countsAreWritten = true
  }

  private func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + SpoolFiles.temporarySuffix
    try fileSystem.write(bytes, to: temporary)
    try fileSystem.rename(temporary, to: path)
    try fileSystem.syncDirectory(directory)
  }

  /// Removes what can be removed, durably, and then says what could not.
  private func remove(_ paths: [String]) throws {
    guard !paths.isEmpty else { return }
    var problem: (any Error)?
    for path in paths {
      do { try fileSystem.remove(path) } catch { problem = problem ?? error }
    }
    try fileSystem.syncDirectory(directory)
    if let problem { throw problem }
  }

  private func path(_ number: UInt64, _ kind: SpoolFiles.Kind) -> String {
    "\(directory)/\(SpoolFiles.name(number, kind))"
  }
}

extension UInt64 {
  /// Counts stop at the largest number.
  fileprivate mutating func add(_ count: Int) {
    let (sum, overflow) = addingReportingOverflow(UInt64(clamping: count))
    self = overflow ? .max : sum
  }
}

import SystemPackage
import TimeSeries

/// Puts what the WAL holds back into a memtable.
struct WALReplay {
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  /// The first file that is still needed.
  let floor: UInt64
  private(set) var problems: [StorageError] = []
  /// Files of which not all points are in the database.
  private(set) var damaged: Set<UInt64> = []
  private(set) var lastSequence: UInt64 = 0
  /// What the log goes on with.
  private(set) var nextNumber: UInt64
  private(set) var previousSize: UInt64 = 0

  init(layout: DatabaseLayout, fileSystem: any FileSystem, floor: UInt64) {
    self.layout = layout
    self.fileSystem = fileSystem
    self.floor = floor
    nextNumber = max(1, floor)
  }

  /// Reads all files in order; removes those that a flush left over.
  ///
  /// - Parameters:
  ///   - apply: gets the batches in the order in which they were written, and returns whether all
  ///     points of a batch have a place in the database.
  ///   - endFile: is called behind the last batch of a file, with the number of the next file.
  mutating func run(
    apply: (PointBatch, _ policy: UInt32) throws -> Bool, endFile: (_ next: UInt64) -> Void
  ) throws {
    let numbers = try fileSystem.list(layout.walDirectory).compactMap(DatabaseLayout.walNumber)
      .sorted()
    for number in numbers where number < floor { letGo(of: number) }
    let needed = numbers.filter { $0 >= floor }
    for number in needed {
      // Numbers have no gaps, so one that is skipped was there once.
      if nextNumber < number { try? DamageEvidence.keep(layout.wal(nextNumber), on: fileSystem) }
      while nextNumber < number, problems.count < ProblemList.limit {
        problems.append(.missing(path: layout.wal(nextNumber).string))
        nextNumber += 1
      }
      try replay(number, isLast: number == needed.last, apply: apply)
      endFile(nextNumber)
    }
  }

  /// A file whose points are in segments, which may have died before they removed it. A damaged one
  /// stays, as evidence.
  private func letGo(of number: UInt64) {
    let path = layout.wal(number)
    var reader = WALReader(path: path)
    try? fileSystem.map(path).withBytes { try reader.read($0) { _, _ in } }
    if reader.problems.isEmpty {
      try? fileSystem.remove(path)
    } else {
      try? fileSystem.rename(path, to: DamageEvidence.path(for: path, on: fileSystem))
    }
  }

  private mutating func replay(
    _ number: UInt64, isLast: Bool, apply: (PointBatch, UInt32) throws -> Bool
  ) throws {
    let path = layout.wal(number)
    var reader = WALReader(path: path)
    let map = try fileSystem.map(path)
    try map.withBytes { bytes in
      try reader.read(bytes) { payload, sequence in
        let (batch, policy) = try WALRecord.decode(payload)
        if try !apply(batch, policy) { damaged.insert(number) }
        lastSequence = max(lastSequence, sequence)
      }
    }
    if let header = reader.header, number > floor, header.previousSize > previousSize {
      problems.append(
        .corrupt(
          path: layout.wal(number - 1).string, offset: Int(clamping: previousSize),
          reason: "cut short, it had \(header.previousSize) bytes"))
      damaged.insert(number - 1)
    }
    if !reader.problems.isEmpty { damaged.insert(number) }
    problems += reader.problems
    if isLast, reader.validSize == 0, reader.problems.isEmpty {
      // Not even the header got to the disk: the number is free again.
      try fileSystem.remove(path)
      return
    }
    nextNumber = number + 1
    previousSize = UInt64(reader.validSize)
    if isLast { try makeDurable(path, reader) }
  }

  /// What was just read back may be known to the operating system only. It is to be as durable as
  /// what the database acknowledges from now on. A damaged file stays as it is.
  private func makeDurable(_ path: FilePath, _ reader: WALReader) throws {
    let isCut = reader.endsTorn && reader.problems.isEmpty
    let file = try fileSystem.openForAppending(
      path, at: isCut ? reader.validSize : try fileSystem.size(path))
    try file.sync()
    try file.close()
    try fileSystem.syncDirectory(layout.walDirectory)
  }
}

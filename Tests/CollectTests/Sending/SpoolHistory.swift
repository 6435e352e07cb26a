import TestSupport

@testable import Collect

/// Plays operations on a spool, crashes included, and keeps account of what has to become of every
/// batch.
struct SpoolHistory {
  enum Operation {
    case append(lines: Int)
    case acknowledge
    case refuse
    case reopen
  }

  private(set) var disk = SimulatedSpoolDisk()
  private(set) var spool: Spool
  private let byteLimit: Int
  private var random: SeededGenerator
  private var nextID = 0
  private var lines: [Int: Int] = [:]
  /// Batches that `append` returned for.
  private var promised: Set<Int> = []
  /// Batches whose last operation was cut off: counted or not, both are right.
  private var uncertain: Set<Int> = []
  /// In the order of the server's first acknowledgement.
  private var delivered: [Int] = []
  private(set) var problems: [String] = []

  init(byteLimit: Int, seed: UInt64) throws {
    self.byteLimit = byteLimit
    random = SeededGenerator(seed: seed)
    spool = try Spool(directory: "spool", byteLimit: byteLimit, fileSystem: disk)
  }

  /// Plays one operation; a crash in it is followed by a new process.
  mutating func play(_ operation: Operation) throws {
    do {
      switch operation {
      case .append(let count):
        nextID += 1
        lines[nextID] = count
        uncertain.insert(nextID)
        try spool.append(Batch(body: Array("\(nextID)".utf8), lineCount: count))
        uncertain.remove(nextID)
        promised.insert(nextID)
      case .acknowledge:
        guard let id = try first() else { return }
        if let index = delivered.firstIndex(of: id) {
          if index != delivered.count - 1 { problems.append("\(id) came again after another") }
          if !uncertain.contains(id) { problems.append("\(id) came twice without a crash") }
        } else {
          if let last = delivered.last, last > id { problems.append("\(id) came after \(last)") }
          delivered.append(id)
        }
        uncertain.insert(id)
        try spool.removeFirst(.acknowledged)
        uncertain.remove(id)
      case .refuse:
        guard try first() != nil else { return }
        try spool.removeFirst(.refused)
      case .reopen:
        spool = try Spool(directory: "spool", byteLimit: byteLimit, fileSystem: disk)
      }
    } catch is SimulatedSpoolDisk.Crash {
      disk = disk.afterCrash(&random)
      spool = try Spool(directory: "spool", byteLimit: byteLimit, fileSystem: disk)
    }
  }

  mutating func crash(after steps: Int) { disk.crash(after: steps) }

  private mutating func first() throws -> Int? {
    guard let batch = try spool.first() else { return nil }
    guard let id = Int(String(decoding: batch.body, as: UTF8.self)), lines[id] == batch.lineCount
    else {
      problems.append("a batch that never was")
      return nil
    }
    return id
  }

  /// Acknowledges what is left and compares the counts.
  mutating func finish() throws {
    disk.crash(after: .max)
    try play(.reopen)
    while !spool.isEmpty { try play(.acknowledge) }
    let undelivered = promised.subtracting(delivered)
    let least = undelivered.subtracting(uncertain).reduce(0) { $0 + (lines[$1] ?? 0) }
    let most = undelivered.union(uncertain).reduce(0) { $0 + (lines[$1] ?? 0) }
    let counts = spool.counts
    let counted = Int(counts.droppedLines + counts.refusedLines)
    if counted < least || counted > most {
      problems.append("\(counted) lines counted, lost between \(least) and \(most)")
    }
    if counts.damagedBatches != 0 { problems.append("\(counts.damagedBatches) damaged") }
    if disk.files.keys.contains(where: { $0.hasSuffix(".tmp") }) { problems.append("a .tmp stays") }
    if spool.byteCount != 0 { problems.append("\(spool.byteCount) bytes of nothing") }
  }
}

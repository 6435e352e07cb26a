import Foundation
import Testing

@testable import Collect

@Suite struct SpoolTests {
  private func batch(_ text: String, lines: Int = 1) -> Batch {
    Batch(body: Array(text.utf8), lineCount: lines)
  }

  private func open(_ disk: SimulatedSpoolDisk, byteLimit: Int = 1 << 20) throws -> Spool {
    try Spool(directory: "spool", byteLimit: byteLimit, fileSystem: disk)
  }

  private func drain(_ spool: Spool) throws -> [String] {
    var texts: [String] = []
    while let batch = try spool.first() {
      texts.append(String(decoding: batch.body, as: UTF8.self))
      try spool.removeFirst(.acknowledged)
    }
    return texts
  }

  @Test func theFormatIsAsDescribed() throws {
    let disk = SimulatedSpoolDisk()
    try open(disk).append(batch("abc", lines: 7))
    let bytes = try #require(disk.files["spool/00000000000000000001.batch"])
    #expect(
      bytes == [
        0x56, 0x47, 0x53, 0x50, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0,
        // CRC-32 of "abc" is 352441c2.
        0xc2, 0x41, 0x24, 0x35,
      ] + bytes[28..<32] + Array("abc".utf8))
  }

  @Test func aFullSpoolDropsTheOldestAndCountsThemForGood() throws {
    let disk = SimulatedSpoolDisk()
    do {
      let spool = try open(disk, byteLimit: 2 * 4096)
      for (index, text) in ["a", "b", "c", "d"].enumerated() {
        try spool.append(batch(text, lines: 1 << index))
      }
      #expect(spool.counts.droppedBatches == 2)
      #expect(spool.counts.droppedLines == 3)
      #expect(spool.byteCount == 2 * 4096)
    }
    let spool = try open(disk, byteLimit: 2 * 4096)
    #expect(spool.counts.droppedLines == 3)
    #expect(try drain(spool) == ["c", "d"])
    #expect(spool.counts.droppedLines == 3)
  }

  @Test func aSmallerBoundIsKeptFromTheOpening() throws {
    let disk = SimulatedSpoolDisk()
    for text in ["a", "b", "c"] { try open(disk).append(batch(text)) }
    let spool = try open(disk, byteLimit: 4096)
    #expect(spool.counts.droppedBatches == 2)
    #expect(try drain(spool) == ["c"])
  }

  @Test func theBatchOnItsWayIsNotDropped() throws {
    let spool = try open(SimulatedSpoolDisk(), byteLimit: 2 * 4096)
    try spool.append(batch("a"))
    try spool.append(batch("b"))
    spool.isFirstInFlight = true
    try spool.append(batch("c"))
    spool.isFirstInFlight = false
    #expect(try drain(spool) == ["a", "c"])
    #expect(spool.counts.droppedBatches == 1)
  }

  @Test func aBatchLargerThanTheBoundIsCounted() throws {
    let spool = try open(SimulatedSpoolDisk(), byteLimit: 4096)
    try spool.append(batch(String(repeating: "x", count: 5000), lines: 9))
    #expect(spool.isEmpty)
    #expect(spool.counts.droppedLines == 9)
  }

  @Test func damageInAnyByteIsFoundAndSetAside() throws {
    let disk = SimulatedSpoolDisk()
    do {
      let spool = try open(disk)
      for text in ["first", "second", "third"] { try spool.append(batch(text, lines: 3)) }
    }
    let name = "spool/00000000000000000002.batch"
    let sound = disk.files
    let bytes = try #require(sound[name])
    var damages: [[UInt8]] = (0..<bytes.count).map { Array(bytes[..<$0]) }
    damages.append(bytes + [0])
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << bit
        damages.append(damaged)
      }
    }
    for damaged in damages {
      var files = sound
      files[name] = damaged
      let disk = SimulatedSpoolDisk(files)
      let spool = try open(disk)
      #expect(try drain(spool) == ["first", "third"])
      #expect(spool.counts.damagedBatches == 1)
      #expect(disk.files["spool/00000000000000000002.damaged"] == damaged)
      #expect(try open(disk).counts.damagedBatches == 1)
    }
  }

  @Test func aBatchUnderAnothersNameIsDamaged() throws {
    let disk = SimulatedSpoolDisk()
    try open(disk).append(batch("a"))
    disk.files["spool/00000000000000000009.batch"] = disk.files["spool/00000000000000000001.batch"]
    let spool = try open(disk)
    #expect(try drain(spool) == ["a"])
    #expect(spool.counts.damagedBatches == 1)
  }

  @Test func filesSetAsideGoFirstWhenThereIsNoRoom() throws {
    let disk = SimulatedSpoolDisk(["spool/00000000000000000001.batch": [1, 2, 3]])
    let spool = try open(disk, byteLimit: 2 * 4096)
    #expect(try spool.first() == nil)
    try spool.append(batch("a"))
    #expect(disk.files["spool/00000000000000000001.damaged"] != nil)
    try spool.append(batch("b"))
    #expect(disk.files["spool/00000000000000000001.damaged"] == nil)
    #expect(spool.counts.droppedBatches == 0)
    #expect(try drain(spool) == ["a", "b"])
  }

  @Test func damagedCountsAreSaidAndHarmNoBatch() throws {
    let disk = SimulatedSpoolDisk()
    do {
      let spool = try open(disk, byteLimit: 4096)
      try spool.append(batch("a"))
      try spool.append(batch("b"))
    }
    let sound = disk.files
    let counts = try #require(sound["spool/counts"])
    for index in counts.indices {
      var files = sound
      files["spool/counts"]?[index] ^= 0x10
      let spool = try open(SimulatedSpoolDisk(files))
      #expect(spool.lostCounts)
      #expect(spool.counts.droppedBatches == 0)
      #expect(try drain(spool) == ["b"])
    }
  }

  @Test func strangeFilesAreLeftAlone() throws {
    let strange = [
      "spool/18446744073709551615.batch", "spool/1.batch", "spool/x.batch", "spool/README",
      "spool/-0000000000000000001.batch",
    ]
    let disk = SimulatedSpoolDisk(Dictionary(uniqueKeysWithValues: strange.map { ($0, [1]) }))
    let spool = try open(disk)
    try spool.append(batch("a"))
    #expect(try drain(spool) == ["a"])
    #expect(disk.files.keys.sorted() == strange.sorted())
  }

  @Test func aDiskThatFailsTakesNothingAndLosesNothing() throws {
    let disk = SimulatedSpoolDisk()
    let spool = try open(disk, byteLimit: 2 * 4096)
    try spool.append(batch("a"))
    try spool.append(batch("b"))
    disk.isFailing = true
    #expect(throws: SpoolError.self) { try spool.append(batch("c")) }
    #expect(spool.counts == SpoolCounts())
    disk.isFailing = false
    try spool.append(batch("c"))
    #expect(try drain(spool) == ["b", "c"])
  }

  @Test func onARealDiskItSurvivesAndIsNotShared() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("spool-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("a/b").path
    do {
      let spool = try Spool(directory: path, byteLimit: 1 << 20)
      try spool.append(batch("a"))
      try spool.append(batch("b"))
      #expect(throws: SpoolError.locked(path: "\(path)/lock")) {
        _ = try Spool(directory: path, byteLimit: 1 << 20)
      }
    }
    let spool = try Spool(directory: path, byteLimit: 1 << 20)
    #expect(try drain(spool) == ["a", "b"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["lock"])
  }
}

import SystemPackage
import Testing
import TimeSeries

@testable import Storage

/// The worked example of the format document, read from the document.
@Suite struct FormatExampleTests {
  private func exampleBytes() throws -> [UInt8] {
    let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
      .removingLastComponent()
    let files = DiskFileSystem()
    let candidates = ["FORMAT.md"].map { root.appending($0) }
    let path = try #require(candidates.first { files.exists($0) })
    let text = try files.map(path).withBytes { String(decoding: $0, as: UTF8.self) }
    let block = try #require(text.components(between: "```wal-example\n", and: "```"))
    return try block.split(separator: "\n").flatMap { line in
      try line.prefix { $0 != ";" }.split(separator: " ").map { digits in
        try #require(UInt8(digits, radix: 16))
      }
    }
  }

  private var batch: PointBatch {
    PointBatch([
      TestPoint("cpu,host=a", 1000, [("usage", .float(0.5)), ("n", .integer(-3))])
    ])
  }

  @Test func theExampleIsWhatTheWriterWrites() throws {
    let files = SimulatedFileSystem()
    let layout = DatabaseLayout(root: "/db")
    try files.createDirectory(layout.walDirectory)
    let writer = try WALWriter(
      number: 1, previousSize: 0, layout: layout, on: files, salt: 0x1234_5678)
    let record = try WALRecord.encode(batch, WritePlan(batch), policy: 1, accepted: nil)
    try writer.append(record, sequence: 1)
    let written = try #require(files.contents(layout.wal(1).string))
    let isSame = try written == exampleBytes()
    #expect(isSame, "\(written.map { DatabaseLayout.hexadecimal($0, digits: 2) })")
  }

  @Test func theExampleIsReplayed() throws {
    let files = SimulatedFileSystem()
    let options = StorageOptions.deterministic()
    try StorageEngine(directory: "/data", fileSystem: files, options: options).createDatabase("db")
    files.tamper("/data/databases/db/wal/0000000000000001.wal", try exampleBytes())
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    #expect(engine.problems == [])
    #expect(
      try engine.snapshot(of: "db")?.cells() == [
        Cell(key: "cpu,host=a", field: "usage", time: 1000): .float(0.5),
        Cell(key: "cpu,host=a", field: "n", time: 1000): .integer(-3),
      ])
  }
}

extension String {
  /// What stands between two texts.
  fileprivate func components(between start: String, and end: String) -> Substring? {
    guard let first = ranges(of: start).first,
      let last = self[first.upperBound...].ranges(of: end).first
    else { return nil }
    return self[first.upperBound..<last.lowerBound]
  }
}

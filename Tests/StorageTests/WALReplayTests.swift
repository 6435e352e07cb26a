import TestSupport
import Testing
import TimeSeries

@testable import Storage

@Suite struct WALReplayTests {
  /// A short run of what the fuzzer does: good records with bytes changed.
  @Test func arbitraryPayloadsAreRefusedOrReplayedButNeverTrap() throws {
    var source = PointSource(generator: SeededGenerator(seed: 3))
    for _ in 0..<1_500 {
      let batch = PointBatch(source.points(atMost: 6))
      var payload = WALRecord.payload(batch, WritePlan(batch), policy: 1, accepted: nil)
      for _ in 0..<source.number(1...4) {
        payload[source.number(0...(payload.count - 1))] = UInt8(source.number(0...255))
      }
      if source.number(0...4) == 0 { payload.removeLast(source.number(0...(payload.count - 1))) }
      WALFuzzing.replay(payload: payload)
    }
  }

  @Test func payloadsKeepEveryValueAndOnlyAcceptedPoints() throws {
    var source = PointSource(generator: SeededGenerator(seed: 4))
    for round in 0..<200 {
      let points = source.points(atMost: 9)
      let accepted = points.map { _ in source.number(0...2) > 0 }
      let batch = PointBatch(points)
      let (read, policy) = try WALRecord.decode(
        WALRecord.payload(batch, WritePlan(batch), policy: 300, accepted: accepted))
      #expect(policy == 300)
      let wanted = zip(points, accepted).filter(\.1).map(\.0)
      #expect(read.points.map(\.timestamp) == wanted.map(\.time), "round \(round)")
      for (point, original) in zip(read.points, wanted) {
        #expect(read.string(read.seriesKeys[Int(point.series)]) == original.key)
        let fields = read.fields[Int(point.firstField)...].prefix(Int(point.fieldCount))
        #expect(
          fields.map { read.string(read.fieldNames[Int($0.name)]) } == original.fields.map(\.0))
        #expect(fields.map { read.value(of: $0) } == original.fields.map(\.1))
      }
    }
  }

  @Test func aRecordInsideAStringIsNotTakenForOne() throws {
    let files = SimulatedFileSystem()
    let options = StorageOptions.deterministic()
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    let forged = PointBatch([TestPoint("forged", 1, [("f", .float(1))])])
    let record = try WALRecord.encode(forged, WritePlan(forged), policy: 1, accepted: nil)
    let header = WALFormat.RecordHeader(
      salt: 0, storedSize: record.stored.count, size: record.size, sequence: 99,
      payloadChecksum: record.checksum)
    // Not UTF-8, so it is put in as bytes.
    var batch = PointBatch()
    batch.beginPoint(series: batch.internSeries(Array("m".utf8)), timestamp: 1)
    let text = batch.appendText(header.encoded() + record.stored)
    batch.append(
      PointBatch.Field(
        name: batch.internField("s"), type: .string,
        bits: UInt64(text.offset) << 32 | UInt64(text.length)))
    _ = try engine.write(batch, to: "db")
    _ = try engine.write(PointBatch([TestPoint("m", 2, [("f", .float(2))])]), to: "db")
    let path = try #require(files.paths.first { $0.hasSuffix(".wal") })
    var bytes = try #require(files.contents(path))
    // The header of the record around it, so that the search goes through its payload.
    bytes[WALFormat.headerSize + 5] ^= 1
    let damaged = files.afterPowerCut(.nothing)
    damaged.tamper(path, bytes)
    let again = try StorageEngine(directory: "/data", fileSystem: damaged, options: options)
    #expect(again.problems.count == 1)
    #expect(again.snapshot(of: "db")?.measurements == ["m"])
    #expect(try again.snapshot(of: "db")?.cells().count == 1)
  }
}

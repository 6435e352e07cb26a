import Testing
import TimeSeries

@testable import Storage

@Suite struct SegmentTests {
  @Test func finishingMakesEveryByteDurable() throws {
    let file = MemoryFile()
    var writer = try SegmentWriter(file: file, path: "test.segment")
    try writer.beginSeries(SeriesID(rawValue: 1), key: Array("m".utf8))
    try writer.append(SegmentBlock(timestamps: [1], fields: [("v", Column(.float([1])))]))
    let summary = try writer.finish()
    #expect(file.syncedCount == file.size)
    #expect(summary.byteCount == file.size)
  }

  @Test func aSegmentOfEveryTypeComesBack() throws {
    let timestamps: [Timestamp] = [10, 20, 30]
    let input = SegmentBlock(
      timestamps: timestamps,
      fields: [
        ("usage", Column(.float([1.5, 2.25, .infinity]))),
        ("errors", Column(.integer([-1, 0, .max]))),
        ("bytes", Column(.unsigned([0, .max, 7]))),
        ("up", Column(.boolean([true, false, true]))),
        ("state", Column(.string(["ok", "", "ok"]))),
        ("absent", Column(nulls: 3, type: .float)),
      ])
    let (bytes, summary) = try segmentBytes([
      SeriesInput(id: 3, key: "cpu,host=a", blocks: [input]),
      SeriesInput(id: 9, key: "cpu,host=b", blocks: [input]),
      SeriesInput(id: 11, key: "cpu,host=c", blocks: []),
    ])
    let reader = try openSegment(bytes)
    #expect(reader.summary == summary)
    #expect(summary.byteCount == bytes.count)
    #expect(summary.seriesCount == 2)
    #expect(summary.blockCount == 2)
    #expect(summary.rowCount == 6)
    #expect(summary.valueCount == 30)
    #expect(reader.timeRange == 10...30)
    #expect(reader.seriesIDs.map(\.rawValue) == [3, 9])
    #expect(try reader.key(of: SeriesID(rawValue: 9)) == Array("cpu,host=b".utf8))
    #expect(try reader.key(of: SeriesID(rawValue: 11)) == nil)
    #expect(reader.blocks(of: SeriesID(rawValue: 4)).isEmpty)
    for id in reader.seriesIDs {
      let blocks = reader.blocks(of: id)
      #expect(blocks.count == 1)
      for block in blocks {
        #expect(try reader.timestamps(of: block) == timestamps)
        #expect(reader.fieldNames(in: block) == ["usage", "errors", "bytes", "up", "state"])
        #expect(!reader.hasField("absent", in: block))
        for (name, column) in input.fields where name != "absent" {
          #expect(try reader.column(name, of: block) == column)
          #expect(
            reader.statistics(of: name, in: block)
              == ColumnStatistics(of: column, timestamps: timestamps))
        }
      }
    }
    #expect(reader.verify().isEmpty)
  }
}

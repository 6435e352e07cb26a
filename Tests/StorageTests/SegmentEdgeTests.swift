import Foundation
import Testing
import TimeSeries

@testable import Storage

@Suite struct SegmentEdgeTests {
  @Test func aSegmentWithoutSeriesIsReadable() throws {
    let (bytes, summary) = try segmentBytes([])
    let reader = try openSegment(bytes)
    #expect(summary.timeRange == nil)
    #expect(reader.summary == summary)
    #expect(reader.seriesIDs.isEmpty)
    #expect(try reader.keys().isEmpty)
    #expect(reader.verify().isEmpty)
  }

  @Test func timesFromEndToEndOfTheirRangeFitOneBlock() throws {
    let timestamps = [TimestampBounds.earliest, -5, 0, TimestampBounds.latest]
    var validity = Validity(repeating: false, count: 4)
    validity[1] = true
    let block = SegmentBlock(
      timestamps: timestamps,
      fields: [("value", Column(.integer([0, .min, 0, 0]), validity: validity))])
    let (bytes, _) = try segmentBytes([
      SeriesInput(id: .max - 1, key: "a", blocks: [block]),
      SeriesInput(id: .max, key: "b", blocks: [block]),
    ])
    let reader = try openSegment(bytes)
    for id in reader.seriesIDs {
      let found = try #require(reader.blocks(of: id).first)
      #expect(found.timeRange == TimestampBounds.earliest...TimestampBounds.latest)
      #expect(try reader.timestamps(of: found) == timestamps)
      let statistics = try #require(reader.statistics(of: "value", in: found))
      #expect(statistics.firstTimestamp == -5)
      #expect(statistics.lastTimestamp == -5)
    }
    #expect(reader.verify().isEmpty)
  }

  /// Unicode calls these two names equal; the store does not.
  @Test func fieldsAreToldApartByTheirBytes() throws {
    let block = SegmentBlock(
      timestamps: [1],
      fields: [("\u{e9}", Column(.integer([1]))), ("e\u{301}", Column(.integer([2])))])
    let (bytes, _) = try segmentBytes([SeriesInput(id: 0, key: "m", blocks: [block])])
    let reader = try openSegment(bytes)
    let found = try #require(reader.blocks(of: SeriesID(rawValue: 0)).first)
    #expect(try reader.column("\u{e9}", of: found) == Column(.integer([1])))
    #expect(try reader.column("e\u{301}", of: found) == Column(.integer([2])))
  }

  @Test func longStringsHaveNoStatisticsButTheirCount() throws {
    let long = String(repeating: "x", count: 65)
    let block = SegmentBlock(timestamps: [1, 2], fields: [("text", Column(.string(["a", long])))])
    let (bytes, summary) = try segmentBytes([SeriesInput(id: 0, key: "m", blocks: [block])])
    let reader = try openSegment(bytes)
    let found = try #require(reader.blocks(of: SeriesID(rawValue: 0)).first)
    #expect(reader.statistics(of: "text", in: found) == nil)
    #expect(reader.hasField("text", in: found))
    #expect(summary.valueCount == 2)
    #expect(reader.summary.valueCount == 2)
    #expect(reader.verify().isEmpty)
  }

  @Test func keysOfManySeriesAreFoundAcrossRestarts() throws {
    let block = SegmentBlock(timestamps: [1], fields: [("v", Column(.float([1])))])
    let input = (0..<100).map { number in
      SeriesInput(id: UInt32(number * 3), key: "cpu,host=h\(number),zone=z", blocks: [block])
    }
    let (bytes, _) = try segmentBytes(input)
    let reader = try openSegment(bytes)
    for series in input {
      #expect(try reader.key(of: SeriesID(rawValue: series.id)) == Array(series.key.utf8))
      #expect(try reader.key(of: SeriesID(rawValue: series.id + 1)) == nil)
    }
  }

  /// 1,000 series of 10 fields that never change: what a block costs beside its values.
  @Test func overheadOfABlockIsSmall() throws {
    let timestamps: [Timestamp] = (0..<100).map { $0 * 1_000_000_000 }
    let fields = (0..<10).map {
      (name: "f\($0)", column: Column(.float(Array(repeating: Double($0), count: 100))))
    }
    let input = (0..<1000).map {
      SeriesInput(
        id: UInt32($0), key: "container,pod=cart-\($0)",
        blocks: [SegmentBlock(timestamps: timestamps, fields: fields)])
    }
    let (bytes, summary) = try segmentBytes(input)
    #expect(bytes.count < summary.valueCount / 5, "\(bytes.count) bytes")
  }
}

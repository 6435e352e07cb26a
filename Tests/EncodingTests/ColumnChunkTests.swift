import TestSupport
import Testing
import TimeSeries

@testable import Encoding

@Suite struct ColumnChunkTests {
  static func columns(_ count: Int, _ generator: inout SeededGenerator) -> [Column] {
    let integers = IntegerShape.randomWalk.values(count, &generator)
    return [
      Column(.float(FloatShape.threeDecimals.values(count, &generator))),
      Column(.integer(integers)),
      Column(.unsigned(integers.map { UInt64.max - UInt64($0) })),
      Column(.boolean(integers.map { $0 & 1 == 0 })),
      Column(.string(integers.map { "text \($0 % 9)" })),
    ]
  }

  /// `column` with only the rows that `keep` says.
  static func masked(_ column: Column, _ keep: (Int) -> Bool) -> Column {
    var validity = Validity(repeating: true, count: column.count)
    for row in 0..<column.count where !keep(row) { validity[row] = false }
    func mask<Value>(_ values: [Value], _ empty: Value) -> [Value] {
      values.enumerated().map { validity[$0.offset] ? $0.element : empty }
    }
    let values: ColumnValues =
      switch column.values {
      case .float(let values): .float(mask(values, 0))
      case .integer(let values): .integer(mask(values, 0))
      case .unsigned(let values): .unsigned(mask(values, 0))
      case .boolean(let values): .boolean(mask(values, false))
      case .string(let values): .string(mask(values, ""))
      }
    return Column(values, validity: validity)
  }

  @Test(arguments: edgeCounts)
  func columnsOfEveryTypeComeBackWithAndWithoutNulls(_ count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    for full in Self.columns(count, &generator) {
      let masks: [(Int) -> Bool] = [
        { _ in true }, { _ in false }, { $0 % 2 == 0 }, { $0 % 64 == 63 }, { $0 > count / 2 },
        { $0 == count - 1 },
      ]
      for (index, mask) in masks.enumerated() {
        var column = Self.masked(full, mask)
        var bytes: [UInt8] = []
        ColumnChunk.encode(column, to: &bytes)
        // Where nothing is missing no validity comes back.
        if column.validity?.presentCount == count { column.validity = nil }
        let back = try bytes.withUnsafeBytes { try ColumnChunk.decode($0, rowCount: count) }
        #expect(back == column, "\(column.type), \(count) rows, mask \(index)")
      }
    }
  }

  @Test func bytesPastTheEndAreRefused() {
    var bytes: [UInt8] = []
    ColumnChunk.encode(Column(.integer([1, 2, 4])), to: &bytes)
    bytes.append(0)
    #expect(throws: EncodingError.self) {
      try bytes.withUnsafeBytes { try ColumnChunk.decode($0, rowCount: 3) }
    }
  }

  @Test func moreRowsThanAChunkMayHaveAreRefused() {
    // A constant column of any length is a few bytes; the limit is what bounds it.
    let bytes: [UInt8] = [FieldType.integer.rawValue, IntegerCodec.constant.rawValue, 0]
    #expect(throws: Never.self) {
      try bytes.withUnsafeBytes {
        try ColumnChunk.decode($0, rowCount: ColumnChunk.maximumRowCount)
      }
    }
    #expect(throws: EncodingError.self) {
      try bytes.withUnsafeBytes {
        try ColumnChunk.decode($0, rowCount: ColumnChunk.maximumRowCount + 1)
      }
    }
    #expect(throws: EncodingError.self) {
      try bytes.withUnsafeBytes { try ColumnChunk.decode($0, rowCount: -1) }
    }
  }

  @Test func timesComeBackFromEndToEndOfTheirRange() throws {
    let inputs: [[Timestamp]] = [
      [], [0], [TimestampBounds.earliest, TimestampBounds.latest],
      [TimestampBounds.earliest, -1, 0, 1, TimestampBounds.latest],
      (0..<8192).map { 1_700_000_000_000_000_000 + $0 * 10_000_000_000 },
    ]
    for timestamps in inputs {
      var bytes: [UInt8] = []
      let base = timestamps.first ?? 0
      TimestampChunk.encode(timestamps, base: base, to: &bytes)
      let back = try bytes.withUnsafeBytes {
        try TimestampChunk.decode($0, rowCount: timestamps.count, base: base)
      }
      #expect(back == timestamps)
    }
  }

  @Test func timesThatDoNotAscendAreRefused() {
    var bytes: [UInt8] = []
    TimestampChunk.encode([1, 5, 5, 9], base: 0, to: &bytes)
    #expect(throws: EncodingError.self) {
      try bytes.withUnsafeBytes { try TimestampChunk.decode($0, rowCount: 4, base: 0) }
    }
  }
}

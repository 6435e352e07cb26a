import FuzzSupport
import TestSupport
import TimeSeries

@testable import Storage

/// What is edited: segments with every type of field, with and without nulls, of one block and of
/// several, made once.
let validSegments: [EditedSegment] = {
  do {
    return try [(1, 4, 8192), (3, 300, 8192), (5, 40, 16)].map { series, rows, blockRows in
      try EditedSegment(segment(series: series, rows: rows, blockRows: blockRows))
    }
  } catch {
    fatalError("no valid segment: \(error)")
  }
}()

private func segment(series: Int, rows: Int, blockRows: Int) throws -> [UInt8] {
  var generator = SeededGenerator(seed: UInt64(series))
  let file = GrowingBytes()
  var writer = try SegmentWriter(file: file, path: "valid.seg", blockRows: blockRows)
  for number in 0..<series {
    let times = (0..<rows).map { 1_700_000_000_000_000_000 + Timestamp($0) * 1_000_000_000 }
    try writer.beginSeries(
      SeriesID(rawValue: UInt32(number * 3)), key: Array("cpu,host=h\(number)".utf8))
    let integers = times.map { _ in Int64.random(in: -40...40, using: &generator) }
    let holes = Validity(
      words: (0..<(rows + 63) / 64).map { _ in generator.next() | 1 }, count: rows)
    try writer.append(
      SegmentBlock(
        timestamps: times,
        fields: [
          ("usage", Column(.float(integers.map { Double($0) / 10 }))),
          ("root", Column(.float(integers.map { Double($0).magnitude.squareRoot() }))),
          ("count", Column(.integer(integers))),
          ("total", Column(.unsigned(times.indices.map { UInt64($0 * $0) }))),
          ("up", Column(.boolean(integers.map { $0 > -30 }))),
          ("state", Column(.string(integers.map { "state \($0 % 5)" }))),
          ("rare", Column(blanked(integers, holes), validity: holes)),
        ]))
  }
  _ = try writer.finish()
  return file.bytes
}

private func blanked(_ values: [Int64], _ validity: Validity) -> ColumnValues {
  .string(values.indices.map { validity[$0] ? "\(values[$0])" : "" })
}

private final class GrowingBytes: AppendableFile, @unchecked Sendable {
  private(set) var bytes: [UInt8] = []

  var size: Int { bytes.count }
  func append(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
  func sync() {}
  func close() {}
}

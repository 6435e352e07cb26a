import LineProtocol
import TimeSeries

/// Parses any bytes; what comes out is written, parsed again, and must be the same points.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLineProtocol(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var parser = LineProtocolParser(precision: .nanoseconds, defaultTimestamp: 1)
  let (batch, rejections) = parser.parse(UnsafeRawBufferPointer(start: start, count: count))
  precondition(batch.points.count + rejections.count <= count)

  var writer = LineProtocolWriter()
  for point in batch.points {
    guard let key = SeriesKey(canonical: batch.bytes(batch.seriesKeys[Int(point.series)])) else {
      preconditionFailure("a series key that cannot be read")
    }
    do {
      try writer.append(key, fields: fields(of: point, in: batch), timestamp: point.timestamp)
    } catch {
      preconditionFailure("a parsed point that cannot be written: \(error)")
    }
  }
  let (again, none) = writer.bytes.withUnsafeBytes { parser.parse($0) }
  precondition(none.isEmpty, "a written line that cannot be read")
  precondition(again.points.count == batch.points.count)
  for (one, other) in zip(batch.points, again.points) {
    precondition(one.timestamp == other.timestamp)
    precondition(
      batch.string(batch.seriesKeys[Int(one.series)])
        == again.string(again.seriesKeys[Int(other.series)]))
    let fieldsBefore = fields(of: one, in: batch)
    let fieldsAfter = fields(of: other, in: again)
    precondition(fieldsBefore.map(\.name) == fieldsAfter.map(\.name))
    precondition(fieldsBefore.map(\.value) == fieldsAfter.map(\.value))
  }
  return 0
}

private func fields(
  of point: PointBatch.Point, in batch: PointBatch
) -> [(name: String, value: FieldValue)] {
  let first = Int(point.firstField)
  return batch.fields[first..<first + Int(point.fieldCount)].map {
    (batch.string(batch.fieldNames[Int($0.name)]), batch.value(of: $0))
  }
}

import FuzzSupport
import LineProtocol
import TimeSeries

/// Parses any bytes; what comes out is written, parsed again, and must be the same points.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLineProtocol(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var parser = LineProtocolParser(precision: .nanoseconds, defaultTimestamp: 1)
  let (batch, rejections) = parser.parse(UnsafeRawBufferPointer(start: start, count: count))
  require(batch.points.count + rejections.count <= count)

  var writer = LineProtocolWriter()
  for point in batch.points {
    guard let key = SeriesKey(canonical: batch.bytes(batch.seriesKeys[Int(point.series)])) else {
      fatalError("a series key that cannot be read")
    }
    do {
      try writer.append(key, fields: fields(of: point, in: batch), timestamp: point.timestamp)
    } catch {
      fatalError("a parsed point that cannot be written: \(error)")
    }
  }
  let (again, none) = writer.bytes.withUnsafeBytes { parser.parse($0) }
  require(none.isEmpty, "a written line that cannot be read")
  require(again.points.count == batch.points.count)
  for (one, other) in zip(batch.points, again.points) {
    require(one.timestamp == other.timestamp)
    require(
      batch.string(batch.seriesKeys[Int(one.series)])
        == again.string(again.seriesKeys[Int(other.series)]))
    let fieldsBefore = fields(of: one, in: batch)
    let fieldsAfter = fields(of: other, in: again)
    require(fieldsBefore.map(\.name) == fieldsAfter.map(\.name))
    require(fieldsBefore.map(\.value) == fieldsAfter.map(\.value))
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeLineProtocol(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write {
    [
      "m f=1", "cpu,host=a,zone=b usage=0.5,count=3i,total=7u,up=t,state=\"a b\" 1700000000",
      "# comment\n\nm\\ x,a\\=b=c\\,d f\\ g=-1e-300 -5\r\nm s=\"\\\"\\\\\"",
      "m f=1,f=2 1\nm f=1 2 3\nm\nm f=\nm,a= f=NaN\nm f=9223372036854775808i",
    ].map { Array($0.utf8) }
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

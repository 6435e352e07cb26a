import Encoding
import FuzzSupport
import TimeSeries

@testable import Storage

/// WAL files, into a memtable.
///
///     input := mode u8, bytes
///     records := (flags u8, count u16, payload [count])*
///
/// The mode says what `bytes` are: a whole file; the payload of one record; or records that get
/// headers and checksums that fit. Bits of a record's flags: 0 = compress it, 1 = a size that is not
/// the payload's, 2 = another salt, 3 = a sequence that does not ascend.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWAL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  switch input.byte() % 3 {
  case 0: input.rest().withUnsafeBytes { WALFuzzing.replay(file: $0) }
  case 1: replayTwice(input.rest())
  default:
    let file = sealedFile(&input)
    file.withUnsafeBytes { WALFuzzing.replay(file: $0) }
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeWAL(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write { walSeeds() }
  return 0
}

/// A payload that is read is also written, and read as the same points.
private func replayTwice(_ payload: [UInt8]) {
  WALFuzzing.replay(payload: payload)
  guard let (batch, policy) = try? WALRecord.decode(payload) else { return }
  let again = WALRecord.payload(batch, WritePlan(batch), policy: policy, accepted: nil)
  guard let (copy, number) = try? WALRecord.decode(again) else {
    fatalError("a record that cannot be read")
  }
  require(number == policy && copy.points.count == batch.points.count, "another record")
  for (one, other) in zip(batch.points, copy.points) {
    require(one.timestamp == other.timestamp)
    require(
      batch.bytes(batch.seriesKeys[Int(one.series)])
        .elementsEqual(copy.bytes(copy.seriesKeys[Int(other.series)])))
    require(one.fieldCount == other.fieldCount)
  }
}

private func sealedFile(_ input: inout FuzzInput) -> [UInt8] {
  let salt: UInt32 = 0x5EED
  var file = WALFormat.Header(salt: salt, number: 1, previousSize: 0).encoded()
  var sequence: UInt64 = 0
  while !input.isEmpty {
    let flags = input.byte()
    let count = input.word()
    let payload = input.bytes(count)
    let stored = flags & 1 != 0 ? LZ4Block.compress(payload) ?? payload : payload
    if flags & 8 == 0 { sequence += 1 }
    let header = WALFormat.RecordHeader(
      salt: flags & 4 == 0 ? salt : salt + 1, storedSize: stored.count,
      size: flags & 2 == 0 ? payload.count : payload.count + Int(flags >> 4),
      sequence: sequence, payloadChecksum: CRC32C.checksum(stored))
    file += header.encoded() + stored
  }
  return file
}

private func walSeeds() -> [[UInt8]] {
  var batch = PointBatch()
  let series = ["cpu,host=a", "m"].map { batch.internSeries(Array($0.utf8)) }
  for number in 0..<6 {
    batch.beginPoint(series: series[number % 2], timestamp: Timestamp(number) * 1_000_000_000)
    batch.append(field: batch.internField("f"), .float(Double(number) / 10))
    if number % 3 == 0 {
      batch.append(field: batch.internField("i"), .integer(-5))
      batch.append(field: batch.internField("u"), .unsigned(.max))
      batch.append(field: batch.internField("b"), .boolean(true))
      batch.append(field: batch.internField("s"), .string("text text text text"))
    }
  }
  let payload = WALRecord.payload(batch, WritePlan(batch), policy: 1, accepted: nil)
  let record = [UInt8(payload.count & 0xff), UInt8(payload.count >> 8)] + payload
  let sealed = [2, 0] + record + [1] + record
  let whole = sealed.dropFirst().withUnsafeBufferPointer {
    var input = FuzzInput($0.baseAddress, $0.count)
    return sealedFile(&input)
  }
  return [[0] + whole, [1] + payload, sealed]
}

import FuzzSupport
import TimeSeries

/// Every codec of columns, from both sides.
///
///     input := what u8, count u16, bytes
///
/// The low bits of `what` choose the codec. Bit 7 clear: `bytes` are a stream of `count` values (its
/// first byte says which way it was encoded), to be refused or read. Bit 7 set: `bytes` are values,
/// after the ``ValueShape`` in bits 4 to 6; encoded and decoded they are the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCodecs(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  let what = input.byte()
  let size = input.word() & 0x1fff
  let bytes = input.rest()
  if what & 0x80 == 0 {
    switch what & 7 {
    case 0: Codecs.integers.read(bytes, count: size)
    case 1: Codecs.floats.read(bytes, count: size)
    case 2: Codecs.booleans.read(bytes, count: size)
    case 3: Codecs.strings.read(bytes, count: size)
    case 4: Codecs.timestamps.read(bytes, count: size)
    case 5: Codecs.entropy.read([10] + bytes, count: size)
    case 6: Codecs.lz4.read(bytes, count: size)
    default: Codecs.readColumn(bytes, rowCount: size)
    }
    return 0
  }
  guard let shape = ValueShape(rawValue: what >> 4 & 7) else { return 0 }
  let values = shape.values(bytes, count: size & 0x7ff)
  switch what & 7 {
  case 0: Codecs.integers.roundTrip(values)
  case 1: Codecs.floats.roundTrip(values.map { UInt64(bitPattern: $0) })
  case 2: Codecs.booleans.roundTrip(values.map { $0 & 1 == 1 })
  case 3: Codecs.strings.roundTrip(values.map { Array("\($0 % 1000)".utf8) })
  case 4: Codecs.timestamps.roundTrip(Set(values).sorted())
  case 5: Codecs.entropy.roundTrip(values)
  case 6: Codecs.lz4.roundTrip(values.map { UInt8(truncatingIfNeeded: $0) })
  // Decimals: values that were once a text.
  default: Codecs.floats.roundTrip(values.map { (Double($0 % 1_000_000_000) / 1000).bitPattern })
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeCodecs(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write { codecSeeds() }
  return 0
}

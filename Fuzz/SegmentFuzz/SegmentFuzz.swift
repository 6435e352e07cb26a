import Encoding
import Storage
import TimeSeries

/// libFuzzer's entry. The first byte chooses what the rest is taken for, so that checksums do not
/// keep the fuzzer from the decoders behind them; nothing may crash, read out of bounds or allocate
/// beyond what the row count allows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  guard let mode = input.first else { return 0 }
  let bytes = UnsafeRawBufferPointer(rebasing: input[1...])
  if mode & 0x80 == 0 {
    SegmentFuzzing.readEverything(bytes)
  } else {
    decode(bytes, mode: mode)
  }
  return 0
}

/// Gives `bytes` to one decoder; the mode's low bits say which, the first byte how many rows.
private func decode(_ bytes: UnsafeRawBufferPointer, mode: UInt8) {
  guard let rows = bytes.first else { return }
  let count = Int(rows) * (mode & 0x40 == 0 ? 1 : 37)
  let rest = UnsafeRawBufferPointer(rebasing: bytes[1...])
  var reader = ByteReader(rest)
  if mode & 0x20 != 0 { return encodeNoise(rest, count: count) }
  switch mode & 7 {
  case 0: expect((try? IntegerStream.decode(from: &reader, count: count))?.count, count)
  case 1: expect((try? FloatStream.decode(from: &reader, count: count))?.count, count)
  case 2: expect((try? BooleanStream.decode(from: &reader, count: count))?.count, count)
  case 3: expect((try? StringStream.decode(from: &reader, count: count))?.count, count)
  case 4: expect((try? ColumnChunk.decode(rest, rowCount: count))?.count, count)
  case 5: expect((try? TimestampChunk.decode(rest, rowCount: count, base: 5))?.count, count)
  case 6: SegmentFuzzing.readDirectory(rest)
  default: encodeAndCompare(rest)
  }
}

private func expect(_ found: Int?, _ count: Int) {
  if let found { precondition(found == count, "a decoder gave \(found) values for \(count)") }
}

/// Takes `bytes` for a distribution: `count` values, each one of theirs and most of them one of the
/// first. That is what the entropy codec is for. It must come back, and damaged must not crash.
private func encodeNoise(_ bytes: UnsafeRawBufferPointer, count: Int) {
  let words = (0..<bytes.count / 8).map {
    bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)
  }
  guard let seed = words.first, let place = bytes.last else { return }
  var state = UInt64(bitPattern: seed)
  let values = (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return words[min(state.leadingZeroBitCount, words.count - 1)] >> Int64(state >> 8 & 3)
  }
  var stream: [UInt8] = []
  IntegerStream.encode(values, to: &stream)
  precondition(decoded(stream, count: count) == values, "values changed")
  guard !stream.isEmpty else { return }
  stream[Int(place) % stream.count] ^= UInt8(truncatingIfNeeded: seed)
  expect(decoded(stream, count: count)?.count, count)
}

private func decoded(_ stream: [UInt8], count: Int) -> [Int64]? {
  stream.withUnsafeBytes { bytes in
    var reader = ByteReader(bytes)
    return try? IntegerStream.decode(from: &reader, count: count)
  }
}

/// Takes `bytes` for values; what is encoded must come back.
private func encodeAndCompare(_ bytes: UnsafeRawBufferPointer) {
  let words = (0..<bytes.count / 8).map {
    bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)
  }
  for values in [
    ColumnValues.unsigned(words), .float(words.map(Double.init(bitPattern:))),
    .float(words.map { Double(Int32(truncatingIfNeeded: $0)) / 1000 }),
    .boolean(bytes.map { $0 & 1 == 0 }), .integer(bytes.map { Int64($0) }),
  ] {
    var chunk: [UInt8] = []
    ColumnChunk.encode(Column(values), to: &chunk)
    let back = chunk.withUnsafeBytes { try? ColumnChunk.decode($0, rowCount: values.count) }
    switch (values, back?.values) {
    case (.float(let a), .float(let b)?):
      precondition(a.map(\.bitPattern) == b.map(\.bitPattern), "floats changed")
    case (_, let b): precondition(b == values, "values changed")
    }
  }
}

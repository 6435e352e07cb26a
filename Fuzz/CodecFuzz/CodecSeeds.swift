import FuzzSupport
import TestSupport
import TimeSeries

@testable import Encoding

/// Streams of each codec in each of its ways, and values of each shape.
func codecSeeds() -> [[UInt8]] {
  var generator = SeededGenerator(seed: 1)
  var seeds: [[UInt8]] = []
  var ways: Set<[UInt8]> = []
  func add(_ kind: UInt8, count: Int, _ bytes: [UInt8]) {
    ways.insert([kind, bytes.first ?? 0])
    seeds.append([kind, UInt8(count & 0xff), UInt8(count >> 8)] + bytes)
  }
  for shape in ValueShape.allCases {
    for size in [0, 16, 200] {
      let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for kind in UInt8(0)..<8 {
        seeds.append([0x80 | shape.rawValue << 4 | kind, UInt8(size), 1] + bytes)
      }
      let values = shape.values(bytes, count: size)
      let count = values.count
      let floats = values.map { Double($0 % 1000) / 8 }
      add(0, count: count, Codecs.integers.encode(values) ?? [])
      add(1, count: count, Codecs.floats.encode(values.map { UInt64(bitPattern: $0) }) ?? [])
      add(1, count: count, Codecs.floats.encode(floats.map(\.bitPattern)) ?? [])
      add(2, count: count, Codecs.booleans.encode(values.map { $0 & 1 == 1 }) ?? [])
      add(3, count: count, Codecs.strings.encode(values.map { Array("\($0)".utf8) }) ?? [])
      let times = Set(values).sorted()
      add(4, count: times.count, Codecs.timestamps.encode(times) ?? [])
      if let entropy = Codecs.entropy.encode(values) {
        add(5, count: count, [UInt8](entropy[1...]))
      }
      if let block = Codecs.lz4.encode(bytes) { add(6, count: size, block) }
      for (number, column) in columns(values, floats).enumerated() {
        var chunk: [UInt8] = []
        ColumnChunk.encode(
          number & 1 == 0
            ? column
            : Column(
              column.values,
              validity: Validity(
                words: [UInt64](repeating: 0x5555_5555_0fff_5555, count: 32), count: count)),
          to: &chunk)
        add(7, count: count, chunk)
      }
    }
  }
  let words = (0..<400).map { _ in Int64.random(in: .min ... .max, using: &generator) }
  let few = words.map { words[Int($0 & 3)] }
  let pattern = (0..<400).map { words[$0 % 150] }
  let rare = words.map { Int64($0.trailingZeroBitCount) }
  let slow = words.indices.map { (Double($0 / 3) / 40).squareRoot().bitPattern }
  add(0, count: 9, Codecs.integers.encode((0..<9).map { $0 * 1_000_000_000 }) ?? [])
  add(0, count: rare.count, Codecs.integers.encode(rare) ?? [])
  add(5, count: rare.count, Array(Codecs.entropy.encode(rare)?.dropFirst() ?? []))
  add(0, count: few.count, Codecs.integers.encode(few) ?? [])
  add(0, count: pattern.count, Codecs.integers.encode(pattern) ?? [])
  add(1, count: slow.count, Codecs.floats.encode(slow) ?? [])
  add(2, count: 400, Codecs.booleans.encode(words.indices.map { $0 / 90 % 2 == 1 }) ?? [])
  // A seed for each way there is, or the fuzzer begins without it.
  for codec in IntegerCodec.allCases { require(ways.contains([0, codec.rawValue]), "\(codec)") }
  for codec in FloatCodec.allCases { require(ways.contains([1, codec.rawValue]), "\(codec)") }
  for codec in BooleanCodec.allCases {
    require(ways.contains([2, codec.rawValue]), "\(codec)")
  }
  for codec in StringCodec.allCases { require(ways.contains([3, codec.rawValue]), "\(codec)") }
  return seeds
}

private func columns(_ values: [Int64], _ floats: [Double]) -> [Column] {
  [
    .float(floats), .integer(values), .unsigned(values.map { UInt64(bitPattern: $0) }),
    .boolean(values.map { $0 % 90 == 0 }), .string(values.map { "\($0 % 7)" }),
  ].map { Column($0) }
}

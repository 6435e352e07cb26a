import Query
import TimeSeries

@testable import Vigil

/// Results as statements give them, for the encoders' tests.
enum ResultSamples {
  static func series(
    _ name: String = "m", tags: [Tag] = [], times: [Int64], values: [Double],
    validity: Validity? = nil, partial: Bool = false
  ) -> ResultSeries {
    ResultSeries(
      name: name, tags: tags, columnNames: ["time", "v"],
      columns: [Column(.integer(times)), Column(.float(values), validity: validity)],
      hasTime: true, partial: partial)
  }

  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

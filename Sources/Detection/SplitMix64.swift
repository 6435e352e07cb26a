/// A small generator whose sequence is the same everywhere (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  mutating func nextUnit() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Fisher and Yates. Our own, because the standard library does not promise the order of its.
  mutating func shuffle(_ values: inout [Int32]) {
    guard values.count > 1 else { return }
    for i in stride(from: values.count - 1, through: 1, by: -1) {
      let j = Int(next().multipliedFullWidth(by: UInt64(i + 1)).high)
      values.swapAt(i, j)
    }
  }
}

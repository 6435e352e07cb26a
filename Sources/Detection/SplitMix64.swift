import TimeSeries

public typealias SplitMix64 = TimeSeries.SplitMix64

extension SplitMix64 {
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

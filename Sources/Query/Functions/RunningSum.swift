import TimeSeries

/// A sum in the making, in the type that sums of its values are kept in.
protocol RunningSum {
  associatedtype Value
  associatedtype Total

  init(_ start: Total)
  mutating func add(_ value: Value)
  var total: Total { get }
}

/// A sum of floats, in the order of additions.
struct FloatSum: RunningSum {
  private(set) var total: Double

  @inline(__always) init(_ start: Double) { total = start }

  @inline(__always) mutating func add(_ value: Double) { total += value }
}

/// The exact sum of integers, of up to 2³² of them.
///
/// The upper and the lower 32 bits of the values are summed apart, so that neither sum overflows and
/// the loop vectorizes. Signed values are moved up to be positive, as vectors of 64 bits can not be
/// shifted with their sign by every processor.
struct IntegerSum<Value: FixedWidthInteger & Sendable>: RunningSum {
  private let start: Int128
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var count: UInt64 = 0

  @inline(__always) private static var bias: UInt64 { Value.isSigned ? 1 << 63 : 0 }

  @inline(__always) init(_ start: Int128) { self.start = start }

  @inline(__always) mutating func add(_ value: Value) {
    let biased = UInt64(truncatingIfNeeded: value) ^ Self.bias
    high &+= biased &>> 32
    low &+= biased & 0xffff_ffff
    count &+= 1
  }

  @inline(__always) var total: Int128 {
    start &+ Int128(high) << 32 &+ Int128(low) &- Int128(count) &* Int128(Self.bias)
  }

  /// The sum of `count` values between `minimum` and `maximum` of which the lowest 64 bits are
  /// known. Nil if several sums have these bits in common, or none.
  static func total(
    endingIn bits: UInt64, count: Int, minimum: Value, maximum: Value
  ) -> Int128? {
    let (least, isTooSmall) = Int128(count).multipliedReportingOverflow(by: Int128(minimum))
    let (most, isTooLarge) = Int128(count).multipliedReportingOverflow(by: Int128(maximum))
    guard !isTooSmall, !isTooLarge else { return nil }
    let (span, overflow) = most.subtractingReportingOverflow(least)
    guard !overflow, span >= 0, span <= Int128(UInt64.max) else { return nil }
    let total = least + Int128(bits &- UInt64(truncatingIfNeeded: least))
    return total <= most ? total : nil
  }
}

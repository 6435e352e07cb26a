extension Int128 {
  /// The nearest float, of two equally near ones the even one.
  var double: Double {
    if let small = Int64(exactly: self) { return Double(small) }
    let excess = 64 - magnitude.leadingZeroBitCount
    guard excess > 0 else { return (self < 0 ? -1 : 1) * Double(UInt64(magnitude)) }
    // What is cut off only matters for being anything: it lies below the bits that decide how the
    // rest is rounded.
    let cut = magnitude & ((1 << excess) - 1)
    let rest = UInt64(truncatingIfNeeded: magnitude >> excess) | (cut == 0 ? 0 : 1)
    return (self < 0 ? -1 : 1) * Double(sign: .plus, exponent: excess, significand: Double(rest))
  }
}

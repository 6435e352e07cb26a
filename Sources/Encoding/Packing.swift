/// Residuals as they lie behind the integer codecs: each group of 128 bit-packed in the width its
/// largest one needs.
///
/// ```
/// packing := flags            1 byte: bit 0 set = less a base, clear = zigzag; bit 1 = one width
///            base             zigzag varint, where bit 0 is set
///            width            1 byte a group, or one for all where bit 1 is set; 0 to 64
///            values           group after group, each begun on a byte
/// ```
enum Packing {
  static let groupSize = 128

  private static let hasBase: UInt8 = 1
  private static let hasOneWidth: UInt8 = 2

  /// How some residuals would best be packed, found without packing them.
  struct Plan {
    var base: Int64?
    var widths: [UInt8] = []
    var isUniform = false
    var byteCount = 0

    /// Looks at each value once; `values` may be empty.
    init(_ values: UnsafeBufferPointer<Int64>) {
      let groups = (values.count + groupSize - 1) / groupSize
      var lows: [Int64] = []
      var highs: [Int64] = []
      lows.reserveCapacity(groups)
      highs.reserveCapacity(groups)
      var lowest = Int64.max
      var start = 0
      while start < values.count {
        let end = min(start + groupSize, values.count)
        var low = values[start]
        var high = low
        for row in start + 1..<max(end, start + 1) {
          low = min(low, values[row])
          high = max(high, values[row])
        }
        lows.append(low)
        highs.append(high)
        lowest = min(lowest, low)
        start = end
      }
      var fromBase: [UInt8] = []
      var zigzag: [UInt8] = []
      fromBase.reserveCapacity(groups)
      zigzag.reserveCapacity(groups)
      for group in 0..<groups {
        fromBase.append(bitWidth(UInt64(bitPattern: highs[group] &- lowest)))
        zigzag.append(
          bitWidth(max(Zigzag.encode(lows[group]), Zigzag.encode(highs[group]))))
      }
      let based = Self.cost(of: fromBase, count: values.count)
      let signed = Self.cost(of: zigzag, count: values.count)
      let baseSize = varintSize(Zigzag.encode(lowest))
      if groups > 0, based.bytes + baseSize < signed.bytes {
        base = lowest
        (widths, isUniform) = (fromBase, based.isUniform)
        byteCount = 1 + baseSize + based.bytes
      } else {
        (widths, isUniform) = (zigzag, signed.isUniform)
        byteCount = 1 + signed.bytes
      }
      if isUniform, let widest = widths.max() {
        widths = Array(repeating: widest, count: widths.count)
      }
    }

    private static func cost(of widths: [UInt8], count: Int) -> (bytes: Int, isUniform: Bool) {
      guard let widest = widths.max() else { return (0, false) }
      var varying = widths.count
      var uniform = 1
      for group in widths.indices {
        let size = min(groupSize, count - group * groupSize)
        varying += BitPacking.byteCount(size, width: Int(widths[group]))
        uniform += BitPacking.byteCount(size, width: Int(widest))
      }
      return uniform <= varying ? (uniform, true) : (varying, false)
    }
  }

  static func append(
    _ values: UnsafeBufferPointer<Int64>, as plan: Plan, to output: inout [UInt8]
  ) {
    output.append((plan.base != nil ? hasBase : 0) | (plan.isUniform ? hasOneWidth : 0))
    if let base = plan.base { output.appendSignedVarint(base) }
    if plan.isUniform {
      output.append(plan.widths[0])
    } else {
      output.append(contentsOf: plan.widths)
    }
    let size = plan.widths.indices.reduce(0) {
      $0
        + BitPacking.byteCount(
          min(groupSize, values.count - $1 * groupSize), width: Int(plan.widths[$1]))
    }
    guard size > 0 else { return }
    let packed = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      filled = size
      guard var target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: groupSize) { residuals in
        for group in plan.widths.indices {
          let start = group * groupSize
          let count = min(groupSize, values.count - start)
          if let base = plan.base {
            for row in 0..<count {
              residuals[row] = UInt64(bitPattern: values[start + row] &- base)
            }
          } else {
            for row in 0..<count { residuals[row] = Zigzag.encode(values[start + row]) }
          }
          let width = Int(plan.widths[group])
          BitPacking.pack(
            UnsafeBufferPointer(rebasing: residuals[..<count]), width: width, to: target)
          target += BitPacking.byteCount(count, width: width)
        }
      }
    }
    output.append(contentsOf: packed)
  }

  static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
  ) throws {
    let flags = try reader.readByte()
    guard flags <= hasBase | hasOneWidth else { throw reader.malformed("unknown packing") }
    let base = flags & hasBase != 0 ? try reader.readSignedVarint() : nil
    let groups = (target.count + groupSize - 1) / groupSize
    let isUniform = flags & hasOneWidth != 0
    let widths = try reader.readBytes(isUniform ? 1 : groups)
    guard widths.allSatisfy({ $0 <= 64 }) else {
      throw reader.malformed("values of more than 64 bits")
    }
    for group in 0..<groups {
      let start = group * groupSize
      let count = min(groupSize, target.count - start)
      let width = Int(widths[isUniform ? 0 : group])
      let source = UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset...])
      _ = try reader.readBytes(BitPacking.byteCount(count, width: width))
      let values = UnsafeMutableBufferPointer(rebasing: target[start..<start + count])
      values.withMemoryRebound(to: UInt64.self) {
        BitPacking.unpack(source, width: width, into: $0)
      }
      if let base {
        if base != 0 { for row in 0..<count { values[row] &+= base } }
      } else {
        for row in 0..<count { values[row] = Zigzag.decode(UInt64(bitPattern: values[row])) }
      }
    }
  }
}

/// Bits of the smallest width that holds `value`.
func bitWidth(_ value: UInt64) -> UInt8 { UInt8(64 - value.leadingZeroBitCount) }

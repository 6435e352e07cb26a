/// Residuals coded by how often they occur (see ``RangeANS``), for values that are noise but not
/// evenly spread: random walks, counts, measured quantities.
///
/// ```
/// entropy := order             1 byte: residuals are 0 the values, 1 their differences, 2 theirs
///            start             zigzag varint: `order` of them, the first value, its difference
///            bins              see EntropyBins
///            coded             the residuals' symbols, see RangeANS
///            places            the residuals' places in their bins, bits from the least
///                              significant of each byte on
/// ```
enum EntropyCoding {
  /// Fewer residuals do not pay for their bins and states.
  static let minimumCount = 128
  /// A stream must be smaller by one part in so many than one that decodes faster.
  static let leastGain = 32

  /// Nil where the result would not be below `limit` bytes; what it can be is estimated first.
  ///
  /// - Parameter residuals: by order, those that are worth a try.
  static func encode(
    _ residuals: [(order: Int, values: UnsafeBufferPointer<Int64>)], start: [Int64], depth: Int,
    below limit: Int
  ) -> [UInt8]? {
    var best: (plan: EntropyPlan, order: Int, values: UnsafeBufferPointer<Int64>)?
    for (order, values) in residuals where values.count >= minimumCount {
      guard let plan = EntropyPlan(values), plan.byteCount < best?.plan.byteCount ?? limit else {
        continue
      }
      best = (plan, order, values)
    }
    guard let (plan, order, values) = best else { return nil }
    var output = [IntegerCodec.entropy.rawValue, UInt8(order)]
    for value in start[..<order] { output.appendSignedVarint(value) }
    let bins = plan.bins()
    bins.append(to: &output, depth: depth + 1)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: values.count) { symbols in
      var places = BitWriter()
      for row in values.indices {
        let bin = Int(plan.binOfCell[plan.cell(of: values[row])])
        symbols[row] = UInt8(truncatingIfNeeded: bin)
        if bins.widths[bin] > 0 {
          places.write(UInt64(bitPattern: values[row] &- bins.lows[bin]), bits: bins.widths[bin])
        }
      }
      RangeANS.append(
        UnsafeBufferPointer(symbols), weights: bins.weights, logarithm: bins.logarithm,
        to: &output)
      output.append(contentsOf: places.finish())
    }
    return output.count < limit ? output : nil
  }

  /// What follows the start: fills `target` with the residuals.
  static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>, depth: Int
  ) throws {
    let bins = try EntropyBins(from: &reader, depth: depth + 1)
    let isExact = bins.widths.allSatisfy { $0 == 0 }
    try RangeANS.decode(
      from: &reader, weights: bins.weights, logarithm: bins.logarithm,
      outputs: isExact ? bins.lows : (0..<Int64(bins.lows.count)).map { $0 }, into: target)
    if !isExact { try addPlaces(from: &reader, bins, to: target) }
  }

  /// Turns the numbers of bins in `target` into residuals.
  private static func addPlaces(
    from reader: inout ByteReader, _ bins: EntropyBins,
    to target: UnsafeMutableBufferPointer<Int64>
  ) throws {
    let details = zip(bins.lows, bins.widths).map { low, width in
      (low: low, width: width, mask: width == 0 ? 0 : UInt64.max &>> UInt64(64 - width))
    }
    let source = UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset...])
    let bitCount = details.withUnsafeBufferPointer { details in
      var position = 0
      var row = 0
      // A place of up to 57 bits lies within the 8 bytes from the one it begins in.
      if bins.widths.allSatisfy({ $0 <= 57 }) {
        while row < target.count, position &>> 3 &+ 8 <= source.count {
          let bin = details[Int(target[row])]
          let word = UInt64(
            littleEndian: source.loadUnaligned(fromByteOffset: position &>> 3, as: UInt64.self))
          let place = (word &>> UInt64(position & 7)) & bin.mask
          target[row] = bin.low &+ Int64(bitPattern: place)
          position &+= bin.width
          row &+= 1
        }
      }
      var bits = BitReader(source, position: position)
      while row < target.count {
        let bin = details[Int(target[row])]
        let place = bin.width > 0 ? bits.read(bin.width) : 0
        target[row] = bin.low &+ Int64(bitPattern: place)
        row += 1
      }
      return bits.position
    }
    _ = try reader.readBytes((bitCount + 7) / 8)
  }
}

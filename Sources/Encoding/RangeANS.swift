/// A range variant of asymmetric numeral systems (Duda, "Asymmetric numeral systems", 2013), with
/// four states in turn so that a processor works at four values at once (Giesen, "Interleaved
/// entropy coders", 2014): a symbol of weight w of 2^k costs k - log2(w) bits.
///
/// ```
/// coded := states             4 × u32, each at least 2^16: value i is coded by state i mod 4
///          words              u16 each, as many as the states take up
/// ```
/// Reading a value of state x: its slot is x mod 2^k, its symbol the one whose weights, laid one
/// after the other, hold that slot; x becomes weight · (x div 2^k) + slot - the weights before, and
/// where that is less than 2^16, x · 2^16 + the next word. All states end at 2^16, where the writer,
/// who goes from the last value to the first, began.
enum RangeANS {
  /// Of the sum of the weights.
  static let maximumLogarithm = 12
  /// A symbol is a byte.
  static let maximumSymbolCount = 256

  private static let stateCount = 4
  private static let lowest: UInt32 = 1 << 16

  /// - Parameters:
  ///   - symbols: each below `weights.count`.
  ///   - weights: at most 256, each at least 1, 2^`logarithm` together.
  static func append(
    _ symbols: UnsafeBufferPointer<UInt8>, weights: [Int], logarithm: Int,
    to output: inout [UInt8]
  ) {
    let ranges = ranges(of: weights)
    var states: [UInt32] = Array(repeating: lowest, count: stateCount)
    // A symbol pushes out one word at most.
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: symbols.count) { words in
      var first = symbols.count
      ranges.withUnsafeBufferPointer { ranges in
        states.withUnsafeMutableBufferPointer { states in
          for row in symbols.indices.reversed() {
            let (weight, before) = ranges[Int(symbols[row])]
            var state = states[row & 3]
            if UInt64(state) >= UInt64(weight) &<< UInt64(32 &- logarithm) {
              first &-= 1
              words[first] = UInt16(truncatingIfNeeded: state)
              state >>= 16
            }
            // A weight is at least 1.
            let (quotient, slot) = state.quotientAndRemainder(dividingBy: weight)
            states[row & 3] = (quotient &<< UInt32(logarithm)) &+ slot &+ before
          }
        }
      }
      for state in states { output.appendFixed(state) }
      for word in words[first...] { output.appendFixed(word) }
    }
  }

  private static func ranges(of weights: [Int]) -> [(weight: UInt32, before: UInt32)] {
    var before: UInt32 = 0
    return weights.map { weight in
      defer { before += UInt32(weight) }
      return (UInt32(weight), before)
    }
  }

  /// Reads `target.count` symbols and puts `outputs[symbol]` for each.
  ///
  /// - Parameter weights: as for ``append(_:weights:logarithm:to:)``; the caller has checked that.
  static func decode(
    from reader: inout ByteReader, weights: [Int], logarithm: Int, outputs: [Int64],
    into target: UnsafeMutableBufferPointer<Int64>
  ) throws {
    var states: (UInt32, UInt32, UInt32, UInt32) = (
      try reader.readFixed(UInt32.self), try reader.readFixed(UInt32.self),
      try reader.readFixed(UInt32.self), try reader.readFixed(UInt32.self)
    )
    guard min(states.0, states.1, states.2, states.3) >= lowest else {
      throw reader.malformed("a state below its range")
    }
    let source = UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset...])
    let consumed = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1 << logarithm) {
      slots in
      fill(slots, weights: weights)
      let decoder = Decoder(slots: UnsafeBufferPointer(slots), logarithm: UInt32(logarithm))
      return outputs.withUnsafeBufferPointer {
        decoder.decode(source, &states, outputs: $0, into: target)
      }
    }
    guard let consumed else { throw reader.malformed("ends early") }
    _ = try reader.readBytes(consumed)
    guard states == (lowest, lowest, lowest, lowest) else {
      throw reader.malformed("states do not end where they began")
    }
  }

  /// Entries: from bit 0 on the weight less 1, from bit 12 on the place within the symbol's slots,
  /// from bit 24 on the symbol.
  private static func fill(_ slots: UnsafeMutableBufferPointer<UInt32>, weights: [Int]) {
    var slot = 0
    for (symbol, weight) in weights.enumerated() {
      var entry = UInt32(symbol) << 24 | UInt32(weight - 1)
      for _ in 0..<weight {
        slots[slot] = entry
        entry &+= 1 << 12
        slot += 1
      }
    }
  }

  private struct Decoder {
    let slots: UnsafeBufferPointer<UInt32>
    let logarithm: UInt32

    /// The bytes it took; nil where there are too few.
    func decode(
      _ source: UnsafeRawBufferPointer, _ states: inout (UInt32, UInt32, UInt32, UInt32),
      outputs: UnsafeBufferPointer<Int64>, into target: UnsafeMutableBufferPointer<Int64>
    ) -> Int? {
      var (a, b, c, d) = states
      var offset = 0
      var row = 0
      // Four values take four words at most.
      while row &+ 4 <= target.count, offset &+ 8 <= source.count {
        target[row] = outputs[advance(&a, source, &offset)]
        target[row &+ 1] = outputs[advance(&b, source, &offset)]
        target[row &+ 2] = outputs[advance(&c, source, &offset)]
        target[row &+ 3] = outputs[advance(&d, source, &offset)]
        row &+= 4
      }
      while row < target.count {
        let symbol = pop(&a)
        if a < lowest {
          guard offset + 2 <= source.count else { return nil }
          a = a &<< 16 | word(source, offset)
          offset += 2
        }
        target[row] = outputs[symbol]
        (a, b, c, d) = (b, c, d, a)
        row += 1
      }
      // The last loop may have turned them; who looks at them wants them all equal.
      states = (a, b, c, d)
      return offset
    }

    /// Takes the symbol off a state.
    @inline(__always)
    private func pop(_ state: inout UInt32) -> Int {
      let entry = slots[Int(state & ((1 &<< logarithm) &- 1))]
      state = ((entry & 0xFFF) &+ 1) &* (state &>> logarithm) &+ (entry &>> 12 & 0xFFF)
      return Int(entry &>> 24)
    }

    /// The same, and fills the state up; there are two bytes from `offset` on. Without a branch,
    /// which no processor could foretell.
    @inline(__always)
    private func advance(
      _ state: inout UInt32, _ source: UnsafeRawBufferPointer, _ offset: inout Int
    ) -> Int {
      let symbol = pop(&state)
      let filled = state &<< 16 | word(source, offset)
      let isLow = state < lowest
      state = isLow ? filled : state
      offset &+= isLow ? 2 : 0
      return symbol
    }

    @inline(__always)
    private func word(_ source: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
      UInt32(
        UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }
  }
}

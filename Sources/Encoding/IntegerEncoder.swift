/// Finds the smallest of the integer codecs and writes it. Sizes of the packed ones are computed
/// exactly, from one pass over the values each; the dearer ones are tried where a look at the values
/// says that they may win.
enum IntegerEncoder {
  private enum Choice {
    case plain
    case packed(Packing.Plan)
    case delta(Packing.Plan)
    case deltaOfDelta(Packing.Plan)
  }

  static func encode(
    _ values: UnsafeBufferPointer<Int64>, depth: Int, to output: inout [UInt8]
  ) {
    let start = output.count
    encodeSmall(values, depth: depth, to: &output)
    // A varint of a large number takes more than 8 bytes.
    if output.count - start > 1 + values.count * 8 {
      output.removeSubrange(start...)
      appendPlain(values, to: &output)
    }
  }

  private static func encodeSmall(
    _ values: UnsafeBufferPointer<Int64>, depth: Int, to output: inout [UInt8]
  ) {
    guard let first = values.first else { return }
    var runCount = 1
    var isLinear = true
    let step = values.count > 1 ? values[1] &- first : 0
    for row in 1..<max(values.count, 1) {
      let difference = values[row] &- values[row - 1]
      if difference != 0 { runCount += 1 }
      if difference != step { isLinear = false }
    }
    if runCount == 1 {
      output.append(IntegerCodec.constant.rawValue)
      output.appendSignedVarint(first)
      return
    }
    if isLinear {
      output.append(IntegerCodec.linear.rawValue)
      output.appendSignedVarint(first)
      output.appendSignedVarint(step)
      return
    }
    // From here on there are at least two values, and at least two different ones.
    withDifferences(values) { once, twice in
      let mayNest = depth + 1 < IntegerStream.maximumDepth
      let simple = simplest(values, once: once, twice: twice)
      var best: [UInt8]?
      var bestSize = simple.byteCount
      func offer(_ encoded: [UInt8]?) {
        guard let encoded, encoded.count < bestSize else { return }
        bestSize = encoded.count
        best = encoded
      }
      if mayNest, let divisor = commonDivisor(once) {
        offer(encodedScaled(values, divisor: divisor, depth: depth))
      } else if mayNest, values.count > EntropyCoding.minimumCount {
        let candidates = [values, once, twice].enumerated().filter {
          simple.sizes[$0.offset] <= simple.byteCount / 4 * 5
        }
        offer(
          EntropyCoding.encode(
            candidates.map { (order: $0.offset, values: $0.element) },
            start: [values[0], once[0]], depth: depth,
            below: bestSize - bestSize / EntropyCoding.leastGain))
      }
      if mayNest, runCount * 2 <= values.count {
        offer(encodedRuns(values, count: runCount, depth: depth))
      }
      if mayNest, bestSize > 16 {
        offer(encodedDictionary(values, depth: depth, below: bestSize))
      }
      if bestSize > values.count / 4 { offer(encodedLZ4(values, below: bestSize)) }
      if let best {
        output.append(contentsOf: best)
      } else {
        append(simple.choice, values: values, once: once, twice: twice, to: &output)
      }
    }
  }

  /// Calls `body` with the differences of `values` (one less) and theirs (two less).
  private static func withDifferences(
    _ values: UnsafeBufferPointer<Int64>,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Int64>) -> Void
  ) {
    let count = values.count - 1
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2 * count) { scratch in
      for row in 0..<count { scratch[row] = values[row + 1] &- values[row] }
      for row in 0..<count - 1 { scratch[count + row] = scratch[row + 1] &- scratch[row] }
      body(
        UnsafeBufferPointer(rebasing: scratch[..<count]),
        UnsafeBufferPointer(rebasing: scratch[count..<2 * count - 1]))
    }
  }

  private static func simplest(
    _ values: UnsafeBufferPointer<Int64>, once: UnsafeBufferPointer<Int64>,
    twice: UnsafeBufferPointer<Int64>
  ) -> (choice: Choice, byteCount: Int, sizes: [Int]) {
    var best = (choice: Choice.plain, byteCount: 1 + values.count * 8)
    let packed = Packing.Plan(values)
    if 1 + packed.byteCount < best.byteCount { best = (.packed(packed), 1 + packed.byteCount) }
    let firstSize = varintSize(Zigzag.encode(values[0]))
    let delta = Packing.Plan(once)
    let deltaSize = 1 + firstSize + delta.byteCount
    if deltaSize < best.byteCount { best = (.delta(delta), deltaSize) }
    let second = Packing.Plan(twice)
    let secondSize = 1 + firstSize + varintSize(Zigzag.encode(once[0])) + second.byteCount
    if secondSize < best.byteCount { best = (.deltaOfDelta(second), secondSize) }
    return (best.choice, best.byteCount, [1 + packed.byteCount, deltaSize, secondSize])
  }

  private static func append(
    _ choice: Choice, values: UnsafeBufferPointer<Int64>, once: UnsafeBufferPointer<Int64>,
    twice: UnsafeBufferPointer<Int64>, to output: inout [UInt8]
  ) {
    switch choice {
    case .plain:
      appendPlain(values, to: &output)
    case .packed(let plan):
      output.append(IntegerCodec.packed.rawValue)
      Packing.append(values, as: plan, to: &output)
    case .delta(let plan):
      output.append(IntegerCodec.delta.rawValue)
      output.appendSignedVarint(values[0])
      Packing.append(once, as: plan, to: &output)
    case .deltaOfDelta(let plan):
      output.append(IntegerCodec.deltaOfDelta.rawValue)
      output.appendSignedVarint(values[0])
      output.appendSignedVarint(once[0])
      Packing.append(twice, as: plan, to: &output)
    }
  }

  private static func appendPlain(
    _ values: UnsafeBufferPointer<Int64>, to output: inout [UInt8]
  ) {
    output.append(IntegerCodec.plain.rawValue)
    for value in values { output.appendFixed(value) }
  }

  /// The greatest number above 1 that divides all differences; nil where there is none.
  private static func commonDivisor(_ differences: UnsafeBufferPointer<Int64>) -> UInt64? {
    var divisor: UInt64 = 0
    for difference in differences where difference != 0 {
      var (a, b) = (divisor, difference.magnitude)
      while a != 0 { (a, b) = (b % a, a) }
      divisor = b
      if divisor == 1 { return nil }
    }
    // 2^63 has no positive Int64.
    return divisor < 2 || divisor > UInt64(Int64.max) ? nil : divisor
  }

  private static func encodedScaled(
    _ values: UnsafeBufferPointer<Int64>, divisor: UInt64, depth: Int
  ) -> [UInt8] {
    // Differences between neighbours are multiples, so sums of quotients undo exactly, wrapping
    // included.
    let offset = values[0]
    let step = Int64(bitPattern: divisor)
    var quotients = [Int64](repeating: 0, count: values.count)
    for row in 1..<values.count {
      quotients[row] = quotients[row - 1] &+ (values[row] &- values[row - 1]) / step
    }
    var output = [IntegerCodec.scaled.rawValue]
    // The offset that is nearest to zero lets values that are multiples themselves start small.
    let lifted = offset / step
    output.appendSignedVarint(offset &- lifted &* step)
    output.appendVarint(divisor)
    for row in quotients.indices { quotients[row] &+= lifted }
    quotients.withUnsafeBufferPointer { encode($0, depth: depth + 1, to: &output) }
    return output
  }

  private static func encodedRuns(
    _ values: UnsafeBufferPointer<Int64>, count: Int, depth: Int
  ) -> [UInt8] {
    var lengths: [Int64] = []
    var distinct: [Int64] = []
    lengths.reserveCapacity(count)
    distinct.reserveCapacity(count)
    var start = 0
    for row in 1...values.count where row == values.count || values[row] != values[row - 1] {
      lengths.append(Int64(row - start - 1))
      distinct.append(values[start])
      start = row
    }
    var output = [IntegerCodec.runs.rawValue]
    output.appendVarint(lengths.count)
    lengths.withUnsafeBufferPointer { encode($0, depth: depth + 1, to: &output) }
    distinct.withUnsafeBufferPointer { encode($0, depth: depth + 1, to: &output) }
    return output
  }

  /// Nil where there are too many distinct values for it to be worth while.
  private static func encodedDictionary(
    _ values: UnsafeBufferPointer<Int64>, depth: Int, below limit: Int
  ) -> [UInt8]? {
    // Bits a value that are spent so far, less what an index must save, say how many distinct
    // values there may be at most.
    let bits = limit * 8 / values.count
    guard bits >= 8, values.count >= 32 else { return nil }
    let mostDistinct = min(1 << min(bits - 2, 12), values.count / 4)
    guard sampleHolds(atMost: min(mostDistinct, 128), of: values) else { return nil }
    var indexes: [Int64: Int64] = [:]
    var distinct: [Int64] = []
    var rows: [Int64] = []
    rows.reserveCapacity(values.count)
    for value in values {
      if let index = indexes[value] {
        rows.append(index)
      } else {
        guard distinct.count < mostDistinct else { return nil }
        indexes[value] = Int64(distinct.count)
        rows.append(Int64(distinct.count))
        distinct.append(value)
      }
    }
    var output = [IntegerCodec.dictionary.rawValue]
    output.appendVarint(distinct.count)
    distinct.withUnsafeBufferPointer { encode($0, depth: depth + 1, to: &output) }
    rows.withUnsafeBufferPointer { encode($0, depth: depth + 1, to: &output) }
    return output
  }

  /// Whether some 256 of the values are at most `limit` (below 256) different ones.
  private static func sampleHolds(atMost limit: Int, of values: UnsafeBufferPointer<Int64>) -> Bool
  {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: 512) { table in
      // An empty slot holds the first value, which is not entered itself.
      let first = values[0]
      table.update(repeating: first)
      var found = 1
      for row in stride(from: 0, to: values.count, by: max(1, values.count / 256)) {
        let value = values[row]
        var slot = Int((UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15) >> 55)
        while table[slot] != value, table[slot] != first { slot = (slot + 1) & 511 }
        guard table[slot] != value else { continue }
        table[slot] = value
        found += 1
        if found > limit { return false }
      }
      return true
    }
  }

  /// Nil where a sample does not promise a result of less than `limit` bytes.
  private static func encodedLZ4(_ values: UnsafeBufferPointer<Int64>, below limit: Int)
    -> [UInt8]?
  {
    guard values.count >= 128, let low = values.min(), let high = values.max() else { return nil }
    let width = max(1, (Int(bitWidth(UInt64(bitPattern: high &- low))) + 7) / 8)
    let sampled = min(values.count, 1024)
    func compressed(_ count: Int, thorough: Bool) -> [UInt8]? {
      let bytes = [UInt8](unsafeUninitializedCapacity: count * width + 8) { buffer, filled in
        guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
        for row in 0..<count {
          target.storeBytes(
            of: UInt64(bitPattern: values[row] &- low).littleEndian, toByteOffset: row * width,
            as: UInt64.self)
        }
        filled = count * width
      }
      return LZ4Block.compress(bytes, thorough: thorough)
    }
    // A longer run shows more of its patterns than the sample, so a good ratio is promise enough.
    guard let sample = compressed(sampled, thorough: false),
      sample.count * values.count < limit * sampled || sample.count * 3 < sampled * width
    else { return nil }
    guard let whole = compressed(values.count, thorough: true) else { return nil }
    var output = [IntegerCodec.lz4.rawValue]
    output.appendSignedVarint(low)
    output.append(UInt8(width))
    output.appendVarint(whole.count)
    output.append(contentsOf: whole)
    return output
  }
}

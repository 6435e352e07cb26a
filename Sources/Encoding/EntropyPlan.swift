/// Finds bins for some residuals and what they would take coded, in one pass over them and some work
/// that does not grow with them.
///
/// A window around the middle of a sample is cut into 256 cells of equal size; outside of it cells
/// double in size with each step. What falls into a cell is counted; neighbours are then joined to
/// bins where telling them apart saves less than another bin costs.
struct EntropyPlan {
  /// Bytes of the stream, nearly.
  private(set) var byteCount = 0
  /// The bin of each cell that something fell into.
  private(set) var binOfCell = [UInt8](repeating: 0, count: cellCount)

  private let base: Int64
  private let shift: UInt64
  private let count: Int
  private var joined: [(cells: Range<Int>, count: Int, width: Int)] = []

  private static let windowCells = 256
  /// Cells to either side of the window, one a power of two.
  private static let sideCells = 64
  private static let cellCount = sideCells + windowCells + sideCells
  private static let sampleCount = 256

  /// Bits that a bin takes in the stream, nearly.
  private static let bitsPerBin = 18.0
  /// Bytes of the states, the counts and the heads of the streams, nearly.
  private static let fixedByteCount = 32

  /// Nil where there is no hope.
  init?(_ residuals: UnsafeBufferPointer<Int64>) {
    count = residuals.count
    let step = max(1, count / Self.sampleCount)
    let sample = stride(from: 0, to: count, by: step).map { residuals[$0] }.sorted()
    // Beyond these lie outliers, or not: the window is at least twice as wide.
    let low = sample[sample.count / 64]
    let high = sample[sample.count - 1 - sample.count / 64]
    let spread = UInt64(bitPattern: high &- low)
    guard spread < 1 << 60 else { return nil }
    shift = UInt64(max(Int(bitWidth(2 * spread + 8)) - 8, 0))
    let window = UInt64(Self.windowCells) << shift
    base = low &- Int64(bitPattern: (window - spread) / 2)
    var counts = [Int](repeating: 0, count: Self.cellCount)
    counts.withUnsafeMutableBufferPointer { counts in
      for residual in residuals { counts[cell(of: residual)] &+= 1 }
    }
    join(counts)
    guard joined.count <= RangeANS.maximumSymbolCount else { return nil }
    for (bin, cells) in joined.enumerated() {
      for cell in cells.cells { binOfCell[cell] = UInt8(bin) }
    }
  }

  /// Distances wrap around, so that every residual has its cell.
  @inline(__always)
  func cell(of residual: Int64) -> Int {
    let distance = UInt64(bitPattern: residual &- base)
    let cell = distance &>> shift
    if cell < UInt64(Self.windowCells) { return Self.sideCells &+ Int(cell) }
    let below = 0 &- distance
    let above = distance &- UInt64(Self.windowCells) &<< shift &+ 1
    return below < above
      ? Self.sideCells &- Int(bitWidth(below))
      : Self.sideCells &+ Self.windowCells &- 1 &+ Int(bitWidth(above))
  }

  /// The first and the last distance from the base, wrapped, in a cell.
  private func bounds(of cell: Int) -> (first: UInt64, last: UInt64) {
    if cell < Self.sideCells {
      let bits = UInt64(Self.sideCells - cell - 1)
      let nearest: UInt64 = 0 &- (1 << bits)
      return (nearest &- ((1 << bits) - 1), nearest)
    }
    if cell < Self.sideCells + Self.windowCells {
      let first = UInt64(cell - Self.sideCells) << shift
      return (first, first + (1 << shift) - 1)
    }
    let bits = UInt64(cell - Self.sideCells - Self.windowCells)
    let first = (UInt64(Self.windowCells) << shift) &+ (1 << bits) &- 1
    return (first, first &+ (1 << bits) &- 1)
  }

  /// Bits that tell all distances from the first of one cell to the last of another apart. Cells far
  /// to both sides lie further apart than 64 bits can say; a bin of 64 bits holds every residual.
  private func width(of cells: ClosedRange<Int>) -> Int {
    let first = bounds(of: cells.lowerBound).first
    let last = bounds(of: cells.upperBound).last
    let isBelow = cells.lowerBound < Self.sideCells
    let span =
      Int128(last) - Int128(first)
      + (isBelow && cells.upperBound >= Self.sideCells ? 1 << 64 : 0)
    return min(64, 128 - span.leadingZeroBitCount)
  }

  /// The cheapest way to join neighbours, of those that join up to eight or a power of two of them.
  private mutating func join(_ counts: [Int]) {
    let cells = counts.indices.filter { counts[$0] > 0 }
    let whole = approximateLog2(count)
    var before = [0]
    for cell in cells { before.append(before[before.count - 1] + counts[cell]) }
    var costs = [0.0]
    var lengths = [0]
    for end in 1...cells.count {
      var best = (cost: Double.infinity, length: 0)
      var length = 1
      while length <= end {
        let start = end - length
        let count = Double(before[end] - before[start])
        let width = Double(width(of: cells[start]...cells[end - 1]))
        let symbol = whole - approximateLog2(before[end] - before[start])
        let cost = costs[start] + Self.bitsPerBin + count * (symbol + width)
        if cost < best.cost { best = (cost, length) }
        length += length < 8 ? 1 : length
      }
      costs.append(best.cost)
      lengths.append(best.length)
    }
    byteCount = Int(costs[cells.count] / 8) + Self.fixedByteCount
    var end = cells.count
    while end > 0 {
      let start = end - lengths[end]
      joined.append(
        (
          cells[start]..<cells[end - 1] + 1, before[end] - before[start],
          width(of: cells[start]...cells[end - 1])
        ))
      end = start
    }
    joined.reverse()
  }

  /// The bins, with weights that add up.
  func bins() -> EntropyBins {
    let enough = Int(bitWidth(UInt64(joined.count)))
    let logarithm = min(
      RangeANS.maximumLogarithm, max(Int(bitWidth(UInt64(count))) - 1, enough + 1))
    let total = 1 << logarithm
    var weights = joined.map { max(1, ($0.count * total + count / 2) / count) }
    var excess = weights.reduce(0, +) - total
    // What rounding gave or took is shared by the largest, who feel it least.
    while excess != 0 {
      guard let largest = weights.indices.max(by: { weights[$0] < weights[$1] }) else { break }
      let share = max(1, weights[largest] / 16)
      let change = max(-share, min(share, excess))
      weights[largest] -= change
      excess -= change
    }
    return EntropyBins(
      logarithm: logarithm,
      lows: joined.map { base &+ Int64(bitPattern: bounds(of: $0.cells.lowerBound).first) },
      widths: joined.map(\.width), weights: weights)
  }
}

/// Within 0.0002; `value` is positive.
private func approximateLog2(_ value: Int) -> Double {
  let value = Double(value)
  let t = (value.significand - 1) / (value.significand + 1)
  // The series of artanh; 2 / ln 2 before it.
  return Double(value.exponent)
    + 2.885_390_081_777_927 * t * (1 + t * t * (1.0 / 3 + t * t / 5))
}

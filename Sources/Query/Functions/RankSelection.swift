/// Finds the value of a rank without sorting: introselect (D. R. Musser, "Introspective Sorting and
/// Selection Algorithms", 1997).
enum RankSelection {
  /// The value that would stand at `rank` if `values` were sorted; they are put in another order.
  /// Values must have a total order, so no NaN.
  static func value<Value: Comparable>(at rank: Int, of values: inout [Value]) -> Value {
    values.withUnsafeMutableBufferPointer { values in
      var low = 0
      var high = values.count
      // Pivots that keep cutting off little are met by sorting what is left.
      var rounds = 2 * (Int.bitWidth - high.leadingZeroBitCount)
      while high - low > sortedBelow, rounds > 0 {
        rounds -= 1
        let pivot = pivot(values, low, high)
        let less = partition(values, low, high) { $0 < pivot }
        if rank < less {
          high = less
          continue
        }
        let equal = partition(values, less, high) { !(pivot < $0) }
        if rank < equal { return pivot }
        low = equal
      }
      values[low..<high].sort()
      return values[rank]
    }
  }

  private static var sortedBelow: Int { 16 }

  /// The median of three medians of three, spread over the range.
  @inline(__always)
  private static func pivot<Value: Comparable>(
    _ values: UnsafeMutableBufferPointer<Value>, _ low: Int, _ high: Int
  ) -> Value {
    let step = (high - low) / 9
    func middle(_ a: Value, _ b: Value, _ c: Value) -> Value { max(min(a, b), min(max(a, b), c)) }
    func middle(at start: Int) -> Value {
      middle(values[start], values[start + step], values[start + 2 * step])
    }
    return middle(middle(at: low), middle(at: low + 3 * step), middle(at: low + 6 * step))
  }

  /// Moves the values of a range that `goesFirst` to its front; returns where the others begin.
  ///
  /// Every value is swapped, so there is no branch to be guessed wrong (A. Alexandrescu,
  /// "Lomuto's Comeback", 2020).
  @inline(__always)
  private static func partition<Value: Comparable>(
    _ values: UnsafeMutableBufferPointer<Value>, _ low: Int, _ high: Int,
    _ goesFirst: (Value) -> Bool
  ) -> Int {
    var end = low
    for index in low..<high {
      let value = values[index]
      values[index] = values[end]
      values[end] = value
      end &+= goesFirst(value) ? 1 : 0
    }
    return end
  }
}

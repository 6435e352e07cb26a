import TimeSeries

/// One series' rows to be written: timestamps strictly ascending, and columns by field name, each
/// as long as the timestamps.
struct SegmentBlock {
  var timestamps: [Timestamp]
  var fields: [(name: String, column: Column)]
}

/// What a segment holds.
struct SegmentSummary: Sendable, Hashable {
  var byteCount = 0
  var seriesCount = 0
  var blockCount = 0
  var rowCount = 0
  /// Field values, nulls not counted.
  var valueCount = 0
  /// Nil where there are no rows.
  var timeRange: ClosedRange<Timestamp>?

  mutating func extend(by range: ClosedRange<Timestamp>) {
    guard let known = timeRange else {
      timeRange = range
      return
    }
    timeRange =
      min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
  }
}

/// A block of one segment, as its directory has it; to be given back to the reader it came from.
struct SegmentBlockReference: Sendable, Hashable {
  var series: SeriesID
  /// Position among the segment's blocks.
  var index: Int
  var rowCount: Int
  var timeRange: ClosedRange<Timestamp>
}

extension Column {
  /// The rows of a range as a column of their own.
  func rows(_ range: Range<Int>) -> Column {
    if range == 0..<count { return self }
    let part: ColumnValues =
      switch values {
      case .float(let values): .float(Array(values[range]))
      case .integer(let values): .integer(Array(values[range]))
      case .unsigned(let values): .unsigned(Array(values[range]))
      case .boolean(let values): .boolean(Array(values[range]))
      case .string(let values): .string(Array(values[range]))
      }
    return Column(
      part,
      validity: validity.map { known in
        var words = [UInt64](repeating: 0, count: (range.count + 63) / 64)
        for (row, original) in range.enumerated() where known[original] {
          words[row >> 6] |= 1 << UInt64(row & 63)
        }
        return Validity(words: words, count: range.count)
      })
  }
}

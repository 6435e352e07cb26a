import TimeSeries

/// Which series of the batch a key stands for, by its bytes as they stand in the body: a spelling
/// is unescaped and sorted once, after that a look-up is a hash and a comparison.
struct SeriesCache {
  private struct Spelling {
    var offset: Int
    var length: Int
    var series: UInt32
  }

  private var table = TextTable()
  private var spellings: [Spelling] = []

  /// What a look-up found: the series, or the hash under which to ``insert(_:hash:series:)``.
  enum Found {
    case series(UInt32)
    case unknown(hash: UInt64)
  }

  @inline(__always)
  func find(_ range: Range<Int>, in body: Body) -> Found {
    let hash = TextTable.hash(body.slice(range))
    let index = table.find(hash) { index in
      let spelling = spellings[Int(index)]
      return spelling.length == range.count
        && body.isEqual(spelling.offset, range.lowerBound, length: range.count)
    }
    guard let index else { return .unknown(hash: hash) }
    return .series(spellings[Int(index)].series)
  }

  mutating func insert(_ range: Range<Int>, hash: UInt64, series: UInt32) {
    table.insert(hash, UInt32(spellings.count))
    spellings.append(Spelling(offset: range.lowerBound, length: range.count, series: series))
  }

  /// Forgets the spellings, which point into one body.
  mutating func removeAll() {
    table.removeAll()
    spellings.removeAll(keepingCapacity: true)
  }
}

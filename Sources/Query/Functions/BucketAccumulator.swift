import TimeSeries

/// The running state of one aggregate over the buckets of a series, and after merging of a group.
/// Buckets are kept sparse and ascending; a series' rows come in time order.
protocol BucketAccumulator: Sendable {
  /// Takes in a column's values, whose rows lie in the buckets of `runs`.
  mutating func add(_ column: Column, _ timestamps: [Timestamp], _ runs: BucketRuns)
  /// Takes in a block by what the store knows of it.
  ///
  /// - Returns: false where that is not enough, and the block has to be read.
  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool
  /// Takes in the state of another series of the group.
  mutating func merge(_ other: any BucketAccumulator)
  /// - Throws: ``QueryError/overflow(_:_:)``
  func finish() throws -> BucketResults
  /// Bytes of state, about.
  var byteCount: Int { get }
}

/// One value for each bucket that has any, ascending.
struct BucketResults: Sendable, Hashable {
  var buckets: [Timestamp]
  /// For selectors the time of the point picked, else the bucket's.
  var pointTimes: [Timestamp]
  var column: Column
}

/// How two ascending runs of buckets interleave.
enum BucketMerge {
  /// Calls `both`, `left` and `right` with indices, in the order of the merged buckets.
  @inline(__always)
  static func walk(
    _ a: [Timestamp], _ b: [Timestamp], both: (Int, Int) -> Void, left: (Int) -> Void,
    right: (Int) -> Void
  ) {
    var i = 0
    var j = 0
    while i < a.count || j < b.count {
      if j == b.count || (i < a.count && a[i] < b[j]) {
        left(i)
        i += 1
      } else if i == a.count || b[j] < a[i] {
        right(j)
        j += 1
      } else {
        both(i, j)
        i += 1
        j += 1
      }
    }
  }
}

/// Counts values.
struct CountAccumulator: BucketAccumulator {
  private var buckets: [Timestamp] = []
  private var counts: [Int64] = []

  mutating func add(_ column: Column, _ timestamps: [Timestamp], _ runs: BucketRuns) {
    for (index, bucket) in runs.starts.enumerated() {
      let rows = runs.bounds[index]..<runs.bounds[index + 1]
      var count = rows.count
      if let validity = column.validity {
        count = 0
        for row in rows where validity[row] { count += 1 }
      }
      add(Int64(count), bucket)
    }
  }

  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool {
    add(Int64(statistics.count), bucket)
    return true
  }

  private mutating func add(_ count: Int64, _ bucket: Timestamp) {
    if count == 0 { return }
    if buckets.last == bucket {
      counts[counts.count - 1] += count
    } else {
      buckets.append(bucket)
      counts.append(count)
    }
  }

  mutating func merge(_ other: any BucketAccumulator) {
    guard let other = other as? Self else { return }
    if other.buckets == buckets {
      for index in counts.indices { counts[index] += other.counts[index] }
      return
    }
    var merged = CountAccumulator()
    BucketMerge.walk(
      buckets, other.buckets, both: { merged.add(counts[$0] + other.counts[$1], buckets[$0]) },
      left: { merged.add(counts[$0], buckets[$0]) },
      right: { merged.add(other.counts[$0], other.buckets[$0]) })
    self = merged
  }

  func finish() -> BucketResults {
    BucketResults(buckets: buckets, pointTimes: buckets, column: Column(.integer(counts)))
  }

  var byteCount: Int { buckets.count * 16 }
}

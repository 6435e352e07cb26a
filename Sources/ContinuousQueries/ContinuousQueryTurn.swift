import TimeSeries

extension ContinuousQueryScheduler {
  /// What one turn of a query has done and has still to do.
  struct Turn {
    private let entry: Entry
    let query: ContinuousQuery
    let lookback: Int64
    let replaces: Bool
    var left: TimeRangeSet
    /// Buckets that are not computed, since rows they depend on or their own rows can't be read.
    private(set) var blocked = TimeRangeSet()
    /// Why some are.
    private(set) var blockedReason: String?
    var frontier: Timestamp?
    var bucketsPerPiece: Int64
    var pieces = 0
    var written = 0

    init(entry: Entry, left: TimeRangeSet, replaces: Bool) {
      self.entry = entry
      query = entry.query
      lookback = entry.lookback
      self.replaces = replaces
      self.left = left
      frontier = entry.frontier
      bucketsPerPiece = entry.bucketsPerPiece
    }

    /// Takes out of what is left what depends on rows that can't be read.
    ///
    /// - Returns: whether that was something.
    mutating func block(_ host: some ContinuousQueryHost) -> Bool {
      var hasBlocked = false
      for source in Set(entry.sources).union(query.destinations) {
        for unreadable in host.unreadableRanges(of: source) {
          let range = unreadable.timeRange
          let buckets =
            entry.buckets(range, ofSource: source)
            ?? query.grid.buckets(from: range.lowerBound, through: range.upperBound)
          let part = left.remove(buckets)
          if part.isEmpty { continue }
          blocked.formUnion(part)
          blockedReason = blockedReason ?? unreadable.reason
          hasBlocked = true
        }
      }
      return hasBlocked
    }

    /// Makes pieces larger or smaller by what the last one took.
    mutating func adapt(to nanoseconds: Int64) {
      if nanoseconds < ContinuousQueryScheduler.turn / 16 {
        bucketsPerPiece = min(bucketsPerPiece * 4, ContinuousQueryScheduler.bucketsPerPiece)
      } else if nanoseconds > ContinuousQueryScheduler.turn / 4 {
        bucketsPerPiece = max(bucketsPerPiece / 2, 1)
      }
    }

    /// The first piece of a stretch.
    func piece(of range: Range<Timestamp>) -> Range<Timestamp> {
      let (span, overflow) = query.grid.every.multipliedReportingOverflow(by: bucketsPerPiece)
      guard !overflow else { return range }
      // Of a zone's buckets not all are evenly long.
      let last = query.grid.bucket(of: saturatingAdd(range.lowerBound, span - 1))
      return range.lowerBound..<min(range.upperBound, last.end)
    }
  }
}

import TimeSeries

extension ContinuousQueryScheduler {
  /// What one turn of a query has done and has still to do.
  struct Turn {
    let query: ContinuousQuery
    let lookback: Int64
    let replaces: Bool
    var left: TimeRangeSet
    var frontier: Timestamp?
    var bucketsPerPiece: Int64
    var pieces = 0
    var written = 0

    init(entry: Entry, left: TimeRangeSet, replaces: Bool) {
      query = entry.query
      lookback = entry.lookback
      self.replaces = replaces
      self.left = left
      frontier = entry.frontier
      bucketsPerPiece = entry.bucketsPerPiece
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
      return range
        .lowerBound..<(overflow
        ? range.upperBound : min(range.upperBound, saturatingAdd(range.lowerBound, span)))
    }
  }
}

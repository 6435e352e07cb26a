import TimeSeries

/// Finds rows that `SELECT … INTO` writes to a point which an earlier row has made.
///
/// Rows of one table come in the order of time, so that those of one series and time follow each
/// other. Only where several measurements go into one does every point have to be remembered.
struct PointCollisions {
  /// Whether rows of several tables can fall on one series.
  let remembersAll: Bool
  private var table: GroupKey?
  private var lastTimes: [SeriesKey: Timestamp] = [:]
  private var allTimes: [SeriesKey: Set<Timestamp>] = [:]
  private(set) var count = 0

  /// Bytes that a point takes which is remembered.
  static let bytesRemembered = 16

  init(remembersAll: Bool) { self.remembersAll = remembersAll }

  /// Rows of a table are next.
  mutating func begin(_ table: GroupKey) {
    if self.table != table, !remembersAll { lastTimes.removeAll(keepingCapacity: true) }
    self.table = table
  }

  /// Takes in rows that a series gets, in the table's order.
  mutating func add(_ times: some Sequence<Timestamp>, of series: SeriesKey) {
    if remembersAll {
      var known = allTimes.removeValue(forKey: series) ?? []
      for time in times where !known.insert(time).inserted { count += 1 }
      allTimes[series] = known
    } else {
      var last = lastTimes[series]
      for time in times {
        if time == last { count += 1 }
        last = time
      }
      lastTimes[series] = last
    }
  }
}

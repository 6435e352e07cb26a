import TimeSeries

/// Anomalies of one group that belong together.
struct Episode: Sendable, Hashable {
  /// The interval of the first anomaly.
  var start: Timestamp
  /// The interval of the last hot row.
  var end: Timestamp
  /// Anomalous rows.
  var rows: Int64 = 0
  /// The largest loss, as a multiple of its threshold, and its interval.
  var peak: Double = 0
  var peakTime: Timestamp
  var shares = ShareSums()

  init(start: Timestamp) {
    self.start = start
    end = start
    peakTime = start
  }
}

/// Makes episodes of a group's rows, by hysteresis: an anomaly begins one, any *hot* row (an
/// anomaly, or a loss not below `release` times the threshold) keeps it going, and `quiet` intervals
/// without a hot row end it. Intervals without rows are quiet.
struct EpisodeBuilder {
  private let selection: EpisodeSelection
  private var lastHot: Timestamp?
  private var current: Episode?

  init(_ selection: EpisodeSelection) { self.selection = selection }

  /// Takes the next row, in time order.
  ///
  /// - Parameter interval: the start of the interval that the row lies in.
  /// - Returns: the episode that was over before the row.
  mutating func add(_ rows: HealthRows, _ row: Int, interval: Timestamp) -> Episode? {
    guard rows.isHot(row, release: selection.release) else { return nil }
    var finished: Episode?
    if let lastHot, lastHot.distance(upTo: interval) > selection.quietSpan { finished = finish() }
    lastHot = interval
    let isFlagged = rows.isFlagged(row)
    guard var episode = current ?? (isFlagged ? Episode(start: interval) : nil) else {
      return finished
    }
    episode.end = interval
    if let ratio = rows.ratio(row), ratio > episode.peak {
      episode.peak = ratio
      episode.peakTime = interval
    }
    if isFlagged {
      episode.rows += 1
      episode.shares.add(rows.shares(row))
    }
    current = episode
    return finished
  }

  /// The episode that the rows so far end in.
  mutating func finish() -> Episode? {
    defer { current = nil }
    return current
  }
}

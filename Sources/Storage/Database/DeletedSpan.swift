import TimeSeries

/// Rows of series between two times, both included, in all retention policies.
public struct DeletedSpan: Sendable, Hashable {
  public var series: [SeriesID]
  public var from: Timestamp
  public var through: Timestamp

  public init(series: [SeriesID], from: Timestamp, through: Timestamp) {
    self.series = series
    self.from = from
    self.through = through
  }
}

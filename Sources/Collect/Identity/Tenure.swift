import TimeSeries

/// For how long a cgroup id was one container's, as far as snapshots tell.
///
/// A snapshot that has the container says that it was there at some moment while the snapshot was
/// taken. So its end is known only to lie between the last snapshot that has it and the first one
/// that has not, and its beginning likewise, unless the runtime told it.
struct Tenure {
  var container: ContainerRecord
  /// Nothing that happened before this was the container's doing.
  let earliestBegin: Timestamp
  /// Nothing that happened from here on was; nil as long as it is in the snapshots.
  var latestEnd: Timestamp?

  func mayOverlap(_ interval: Range<Timestamp>) -> Bool {
    earliestBegin < interval.upperBound && latestEnd.map { $0 > interval.lowerBound } ?? true
  }

  /// Before the runtime says that it had started there is nothing to credit it with.
  func hadStarted(before time: Timestamp) -> Bool {
    container.startedAt.map { $0 < time } ?? true
  }
}

import ContinuousQueries
import Query
import TimeSeries

/// A database with one stored continuous query and no data.
struct FuzzHost: ContinuousQueryHost {
  let stored: StoredContinuousQuery

  var now: Timestamp { 1_700_000_000_000_000_000 }
  func materialize(
    _ query: ContinuousQuery, over range: Range<Timestamp>, replacing replaced: Range<Timestamp>?
  ) -> Int { 0 }
  func lookback(of select: SelectStatement, in database: String) -> Int64 { 0 }

  func furtherSources(
    of select: SelectStatement, in database: String
  ) -> [MeasurementSelection: Int64] { [:] }
  func retentionPolicies(of database: String) -> [String]? { ["autogen"] }
  func timeRange(of source: MeasurementSelection) -> ClosedRange<Timestamp>? { nil }
  func firstTime(of source: MeasurementSelection, from: Timestamp) -> Timestamp? { nil }
  func unreadableRanges(of source: MeasurementSelection) -> [UnreadableRange] { [] }
  func loadContinuousQueries() -> [StoredContinuousQuery] { [stored] }
  func store(_ query: StoredContinuousQuery) {}
  func removeContinuousQuery(name: String, database: String) {}
}

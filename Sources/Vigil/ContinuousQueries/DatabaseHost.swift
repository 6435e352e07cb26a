import ContinuousQueries
import Foundation
import Logging
import Query
import Storage
import TimeSeries

/// What the scheduler needs of the database.
struct DatabaseHost: ContinuousQueryHost {
  static let fileKind = "continuous-queries"

  let source: DatabaseSource
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  var now: Timestamp { clock() }

  func materialize(
    _ query: ContinuousQuery, over range: Range<Timestamp>, replacing replaced: Range<Timestamp>?
  ) throws -> Int {
    do {
      return try Materialization(
        query: query, source: source, now: now,
        lookback: lookback(of: query.statement.select, in: query.database)
      ).run(over: range, replacing: replaced)
    } catch let error as StorageError where error.isDamage {
      throw ContinuousQueryError.unreadable("\(error)")
    }
  }

  func unreadableRanges(
    of reference: ContinuousQuery.MeasurementReference
  ) -> [UnreadableRange] {
    source.engine.unreadableRows(of: reference.database).map {
      UnreadableRange(timeRange: $0.timeRange, reason: "\($0.error)")
    }
  }

  func lookback(of select: SelectStatement, in database: String) throws -> Int64 {
    let executor = Executor(source: source, context: QueryContext(now: now))
    try executor.validate(select, database: database)
    var longest = try executor.lookback(of: select, database: database)
    for model in try models(of: select, in: database) {
      let (span, overflow) = model.interval.every.multipliedReportingOverflow(
        by: Int64(max(0, model.window - 1)))
      longest = max(longest, overflow ? .max : span)
    }
    return longest
  }

  func furtherSources(
    of select: SelectStatement, in database: String
  ) throws -> [ContinuousQuery.MeasurementReference: Int64] {
    var sources: [ContinuousQuery.MeasurementReference: Int64] = [:]
    for mask in try models(of: select, in: database).compactMap(\.eventMask) {
      let reference = ContinuousQuery.MeasurementReference(
        database: database, measurement: mask.measurement)
      sources[reference] = max(sources[reference] ?? 0, mask.duration)
    }
    return sources
  }

  private func models(
    of select: SelectStatement, in database: String
  ) throws -> [any ScoringModel] {
    try ModelReferences.names(in: select).map { name in
      guard let model = try source.model(named: name, in: database) else {
        throw QueryError.modelNotFound(name)
      }
      return model
    }
  }

  func timeRange(of reference: ContinuousQuery.MeasurementReference) throws
    -> ClosedRange<Timestamp>?
  {
    // Rows that can't be read wait as well.
    var range =
      unreadableRanges(of: reference).map(\.timeRange).reduce(nil) { known, next in
        let known = known ?? next
        return min(known.lowerBound, next.lowerBound)...max(known.upperBound, next.upperBound)
      } as ClosedRange<Timestamp>?
    try forEachSeries(of: reference, from: TimestampBounds.earliest) { blocks in
      guard let first = blocks.first?.timeRange, let last = blocks.last?.timeRange else {
        return
      }
      range =
        min(
          range?.lowerBound ?? first.lowerBound, first.lowerBound)...max(
          range?.upperBound ?? last.upperBound, last.upperBound)
    }
    return range
  }

  func firstTime(
    of reference: ContinuousQuery.MeasurementReference, from: Timestamp
  ) throws -> Timestamp? {
    var earliest: Timestamp?
    try forEachSeries(of: reference, from: max(from, TimestampBounds.earliest)) { blocks in
      guard let first = blocks.first?.timeRange.lowerBound else { return }
      earliest = min(earliest ?? .max, max(first, from))
    }
    return earliest
  }

  /// The blocks of each series in each policy.
  private func forEachSeries(
    of reference: ContinuousQuery.MeasurementReference, from: Timestamp,
    _ body: ([any SeriesBlock]) -> Void
  ) throws {
    // Where rows can't be read is asked of `unreadableRanges`.
    guard
      let snapshot = source.engine.snapshot(
        of: reference.database, damage: DamageReport(failure: .never)),
      let schema = snapshot.schema(of: reference.measurement)
    else { return }
    let fields = schema.fields.map(\.name)
    for policy in source.retentionPolicies(of: reference.database) ?? [] {
      for series in snapshot.series(of: reference.measurement, matching: nil) {
        body(
          try snapshot.blocks(
            of: series.id, fields: fields, from: from, through: TimestampBounds.latest,
            retentionPolicy: policy.name))
      }
    }
  }

  func loadContinuousQueries() throws -> [StoredContinuousQuery] {
    var queries: [StoredContinuousQuery] = []
    for database in source.databases {
      for name in try source.engine.listFiles(kind: Self.fileKind, in: database) {
        do {
          guard
            let bytes = try source.engine.loadFile(
              kind: Self.fileKind, name: name, in: database)
          else { continue }
          queries.append(try JSONDecoder().decode(StoredContinuousQuery.self, from: Data(bytes)))
        } catch {
          logger.error(
            "continuous query not readable",
            metadata: ["database": "\(database)", "name": "\(name)", "error": "\(error)"])
        }
      }
    }
    return queries
  }

  func store(_ query: StoredContinuousQuery) throws {
    try source.engine.storeFile(
      kind: Self.fileKind, name: query.name, bytes: Array(JSONEncoder().encode(query)),
      in: query.database)
  }

  func removeContinuousQuery(name: String, database: String) throws {
    try source.engine.removeFile(kind: Self.fileKind, name: name, in: database)
  }
}

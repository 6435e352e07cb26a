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

  func unreadableRanges(of selection: MeasurementSelection) -> [UnreadableRange] {
    source.engine.unreadableRows(of: selection.database).map {
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
  ) throws -> [MeasurementSelection: Int64] {
    Dictionary(
      try models(of: select, in: database).compactMap(\.eventMask).map { mask in
        (Self.events(mask, in: database), mask.duration)
      }, uniquingKeysWith: max)
  }

  /// Where the events of a model are: rows count whatever their retention policy.
  static func events(_ mask: EventMask, in database: String) -> MeasurementSelection {
    MeasurementSelection(
      database: database, retentionPolicy: nil, name: .literal(mask.measurement))
  }

  func retentionPolicies(of database: String) -> [String]? {
    source.retentionPolicies(of: database)?.map(\.name)
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

  func timeRange(of selection: MeasurementSelection) throws -> ClosedRange<Timestamp>? {
    // Rows that can't be read wait as well.
    var range =
      unreadableRanges(of: selection).map(\.timeRange).reduce(nil) { known, next in
        let known = known ?? next
        return min(known.lowerBound, next.lowerBound)...max(known.upperBound, next.upperBound)
      } as ClosedRange<Timestamp>?
    try forEachSeries(of: selection, from: TimestampBounds.earliest) { blocks in
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

  func firstTime(of selection: MeasurementSelection, from: Timestamp) throws -> Timestamp? {
    var earliest: Timestamp?
    try forEachSeries(of: selection, from: max(from, TimestampBounds.earliest)) { blocks in
      guard let first = blocks.first?.timeRange.lowerBound else { return }
      earliest = min(earliest ?? .max, max(first, from))
    }
    return earliest
  }

  /// The blocks of each series in each policy of the selection.
  private func forEachSeries(
    of selection: MeasurementSelection, from: Timestamp, _ body: ([any SeriesBlock]) -> Void
  ) throws {
    // Where rows can't be read is asked of `unreadableRanges`.
    guard
      let snapshot = source.engine.snapshot(
        of: selection.database, damage: DamageReport(failure: .never))
    else { return }
    let policies = (source.retentionPolicies(of: selection.database) ?? []).map(\.name)
      .filter { selection.retentionPolicy == nil || selection.retentionPolicy == $0 }
    for schema in snapshot.schemas(of: selection) {
      let fields = schema.fields.map(\.name)
      for series in snapshot.series(of: schema.name, matching: nil) {
        for policy in policies {
          body(
            try snapshot.blocks(
              of: series.id, fields: fields, from: from, through: TimestampBounds.latest,
              retentionPolicy: policy))
        }
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

extension DatabaseSnapshot {
  /// The measurements of a selection that are there.
  func schemas(of selection: MeasurementSelection) -> [MeasurementSchema] {
    switch selection.name {
    case .literal(let name): [schema(of: name)].compactMap { $0 }
    case .pattern(let pattern):
      measurements.filter(pattern.matches).compactMap { schema(of: $0) }
    }
  }
}

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
  let logger: Logger

  var now: Timestamp { wallClock() }

  func materialize(_ select: SelectStatement, in database: String) throws -> Int {
    var limits = QueryContext.Limits()
    // The same rows must give the same bits whenever they are computed.
    limits.isLayoutIndependent = true
    let executor = Executor(source: source, context: QueryContext(now: now, limits: limits))
    var written = 0
    try executor.execute(.select(select), database: database) { result in
      guard let column = result.series.first?.columns.last, case .integer(let count)? = column[0]
      else { return }
      written += Int(count)
    }
    return written
  }

  func lookback(of select: SelectStatement, in database: String) throws -> Int64 {
    let executor = Executor(source: source, context: QueryContext(now: now))
    try executor.validate(select, database: database)
    var longest: Int64 = 0
    for name in ModelReferences.names(in: select) {
      guard let model = try source.model(named: name, in: database) else {
        throw QueryError.modelNotFound(name)
      }
      let (span, overflow) = model.interval.every.multipliedReportingOverflow(
        by: Int64(max(0, model.window - 1)))
      longest = max(longest, overflow ? .max : span)
    }
    return longest
  }

  func timeRange(of reference: ContinuousQuery.MeasurementReference) throws
    -> ClosedRange<Timestamp>?
  {
    guard let snapshot = source.snapshot(of: reference.database),
      let schema = snapshot.schema(of: reference.measurement)
    else { return nil }
    let fields = schema.fields.map(\.name)
    var range: ClosedRange<Timestamp>?
    for policy in source.retentionPolicies(of: reference.database) ?? [] {
      for series in snapshot.series(of: reference.measurement, matching: nil) {
        let blocks = try snapshot.blocks(
          of: series.id, fields: fields, from: TimestampBounds.earliest,
          through: TimestampBounds.latest, retentionPolicy: policy.name)
        guard let first = blocks.first?.timeRange, let last = blocks.last?.timeRange else {
          continue
        }
        range =
          min(
            range?.lowerBound ?? first.lowerBound, first.lowerBound)...max(
            range?.upperBound ?? last.upperBound, last.upperBound)
      }
    }
    return range
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

import Query
import TimeSeries

/// A query that is kept up to date: its results are written to the INTO measurement whenever the
/// data they depend on changes.
public struct ContinuousQuery: Sendable, Hashable {
  public let statement: CreateContinuousQueryStatement
  /// The buckets of its GROUP BY time.
  public let grid: BucketGrid
  /// Nanoseconds between looks at what has changed: RESAMPLE EVERY, else the interval.
  public let every: Int64
  /// Nanoseconds back from a restart that are computed anew in any case: RESAMPLE FOR, else the
  /// larger of EVERY and the interval, as InfluxDB has it.
  public let resampleFor: Int64
  /// The measurements it reads.
  public let sources: [MeasurementSelection]
  /// The measurements it writes: one, or with `INTO …:MEASUREMENT` those of the same names as the
  /// ones it reads.
  public let destinations: [MeasurementSelection]

  public var name: String { statement.name }
  public var database: String { statement.database }

  /// Checks what can be checked without data. InfluxDB asks for INTO and GROUP BY time as well.
  public init(_ statement: CreateContinuousQueryStatement) throws(ContinuousQueryError) {
    let select = statement.select
    guard let into = select.into else { throw .invalid("must be a SELECT INTO clause") }
    guard let interval = select.interval, interval.every > 0 else {
      throw .invalid("must contain a GROUP BY time interval")
    }
    if let every = statement.resampleEvery, every <= 0 { throw .invalid("EVERY must be above 0") }
    if let span = statement.resampleFor {
      guard span >= interval.every else {
        throw .invalid(
          "FOR duration must be >= GROUP BY time duration: must be a minimum of "
            + "\(Expression.duration(interval.every)), got \(Expression.duration(span))")
      }
    }
    self.statement = statement
    do {
      grid = BucketGrid(interval, zone: try select.clock())
    } catch {
      throw .invalid("\(error)")
    }
    every = statement.resampleEvery ?? interval.every
    resampleFor = statement.resampleFor ?? max(every, interval.every)
    sources = try select.measurementsRead.map { name throws(ContinuousQueryError) in
      try MeasurementSelection(name, in: statement.database)
    }
    destinations = try Self.destinations(into, sources, in: statement.database)
    if let own = Self.overlap(destinations, sources) {
      throw .invalid("reads and writes \(own)")
    }
  }

  /// The query limited to rows with `range.lowerBound <= time < range.upperBound`.
  public func select(over range: Range<Timestamp>) -> SelectStatement {
    func bound(_ op: BinaryOperator, _ value: Timestamp) -> Expression {
      .binary(op, .reference("time", cast: nil), .integer(value))
    }
    let limits = Expression.binary(
      .and, bound(.greaterOrEqual, range.lowerBound), bound(.less, range.upperBound))
    var select = statement.select
    select.condition = select.condition.map { .binary(.and, .parenthesized($0), limits) } ?? limits
    return select
  }

  private static func destinations(
    _ into: MeasurementName, _ sources: [MeasurementSelection], in database: String
  ) throws(ContinuousQueryError) -> [MeasurementSelection] {
    switch into.name {
    case .literal: return [try MeasurementSelection(into, in: database)]
    case .backReference:
      return sources.map {
        MeasurementSelection(
          database: into.database ?? database, retentionPolicy: into.retentionPolicy,
          name: $0.name)
      }
    case .regex: throw .invalid("INTO needs the name of a measurement")
    }
  }

  /// Whether it writes what may be among `selections`: the first of these.
  func writes(into selections: some Sequence<MeasurementSelection>) -> MeasurementSelection? {
    Self.overlap(destinations, selections)
  }

  private static func overlap(
    _ destinations: [MeasurementSelection], _ others: some Sequence<MeasurementSelection>
  ) -> MeasurementSelection? {
    others.first { other in destinations.contains { $0.mayOverlap(other) } }
  }
}

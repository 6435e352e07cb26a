import Query
import TimeSeries

/// A query that is kept up to date: its results are written to the INTO measurement whenever the
/// data they depend on changes.
public struct ContinuousQuery: Sendable, Hashable {
  public let statement: CreateContinuousQueryStatement
  /// The buckets of its GROUP BY time.
  public let grid: TimeGrid
  /// Nanoseconds between looks at what has changed: RESAMPLE EVERY, else the interval.
  public let every: Int64
  /// Nanoseconds back from a restart that are computed anew in any case: RESAMPLE FOR, else the
  /// larger of EVERY and the interval, as InfluxDB has it.
  public let resampleFor: Int64
  /// The measurements it reads, with the database each is in.
  public let sources: Set<MeasurementReference>
  public let destination: MeasurementReference

  public var name: String { statement.name }
  public var database: String { statement.database }

  /// A measurement of a database; retention policies are not told apart.
  public struct MeasurementReference: Sendable, Hashable {
    public var database: String
    public var measurement: String

    public init(database: String, measurement: String) {
      self.database = database
      self.measurement = measurement
    }
  }

  /// Checks what can be checked without data. InfluxDB asks for INTO and GROUP BY time as well.
  public init(_ statement: CreateContinuousQueryStatement) throws(ContinuousQueryError) {
    let select = statement.select
    guard let into = select.into else { throw .invalid("must be a SELECT INTO clause") }
    guard let interval = select.interval, interval.every > 0 else {
      throw .invalid("must contain a GROUP BY time interval")
    }
    guard case .literal(let target) = into.name else {
      throw .invalid("INTO needs the name of a measurement")
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
    grid = TimeGrid(every: interval.every, offset: interval.offset)
    every = statement.resampleEvery ?? interval.every
    resampleFor = statement.resampleFor ?? max(every, interval.every)
    destination = MeasurementReference(
      database: into.database ?? statement.database, measurement: target)
    sources = try Self.sources(of: select, in: statement.database)
    if sources.contains(destination) {
      throw .invalid("reads and writes the measurement \"\(target)\"")
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

  private static func sources(
    of select: SelectStatement, in database: String
  ) throws(ContinuousQueryError) -> Set<MeasurementReference> {
    var found: Set<MeasurementReference> = []
    for source in select.sources {
      switch source {
      case .measurement(let name):
        guard case .literal(let measurement) = name.name else {
          throw .invalid("FROM needs names of measurements, not a regular expression")
        }
        found.insert(
          MeasurementReference(database: name.database ?? database, measurement: measurement))
      case .subquery(let inner):
        found.formUnion(try sources(of: inner, in: database))
      }
    }
    return found
  }
}

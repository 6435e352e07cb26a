import TimeSeries

/// `episodes(quiet, release)` of a SELECT.
struct EpisodeSelection: Sendable {
  /// Nanoseconds without a hot row that end an episode.
  var quietSpan: Int64
  /// The part of the threshold below which a row is not hot any more.
  var release: Double
  var columns: HealthColumns
  /// Episodes that begin earlier are not written by INTO.
  var notBefore = Timestamp.min

  /// Metrics at a threshold hover around it, and collectors drop a row now and then. Five intervals
  /// let neither cut one incident into many, and yet say that it is over within minutes.
  static let quiet: Int64 = 5
  /// A loss just below its threshold is no recovery; one that fell by a fifth is.
  static let release = 0.8
}

extension SelectStatement {
  /// Whether it is a SELECT of `episodes()`, whose rows for a time range can begin before it and
  /// hang on rows after it.
  public var selectsEpisodes: Bool {
    fields.contains { if case .call("episodes", _) = $0.expression { true } else { false } }
  }
}

extension Planner {
  /// The plan of a SELECT of `episodes()`, nil for any other SELECT.
  func planEpisodes(_ statement: SelectStatement, inherited: Inherited?) throws -> SelectPlan? {
    guard statement.selectsEpisodes else { return nil }
    let fields = statement.fields.filter { $0.expression != .reference("time", cast: nil) }
    guard fields.count == 1, case .call(_, let arguments)? = fields.first?.expression else {
      throw QueryError.invalid("episodes() cannot be combined with other fields")
    }
    guard fields[0].alias == nil else {
      throw QueryError.invalid("episodes() names its columns itself: it takes no AS")
    }
    guard statement.sources.count == 1, case .measurement(let name)? = statement.sources.first
    else { throw QueryError.invalid("episodes() needs one measurement in FROM") }
    guard let interval = statement.interval, interval.every > 0 else {
      throw QueryError.invalid("episodes() needs GROUP BY time(…)")
    }
    guard statement.timeZone == nil else {
      throw QueryError.invalid("episodes() does not go with tz()")
    }
    let (quiet, release) = try Self.hysteresis(arguments)
    let (quietSpan, overflow) = quiet.multipliedReportingOverflow(by: interval.every)
    guard !overflow else { throw QueryError.invalid("quiet of episodes() is too long") }

    var schema = SourceSchema()
    for measurement in try measurements(named: name) { schema.add(measurement.schema) }
    let columns = HealthColumns(schema)
    var plan = try featurePlan(
      of: name, fields: columns.fields, interval: interval,
      dimensions: dimensions(of: statement, tags: schema.tags), condition: statement.condition,
      within: inherited?.times ?? .all, statement: "a SELECT of episodes()")
    guard statement.into == nil || plan.resultTimes.ranges.count <= 1 else {
      throw QueryError.invalid("episodes() INTO takes one range of time")
    }
    let outputs: [(String, FieldType)] = [
      ("end_time", .integer), ("length", .integer), ("peak", .float), ("peak_time", .integer),
      ("rows", .integer), ("top", .string), ("open", .boolean),
    ]
    plan.outputs = outputs.enumerated().map { index, output in
      SelectPlan.Output(
        name: output.0, expression: .column(index), type: output.1, isTag: false)
    }
    plan.descending = inherited?.descending ?? statement.descending
    plan.limit = statement.limit.flatMap { $0 > 0 ? $0 : nil }
    plan.offset = max(statement.offset ?? 0, 0)
    plan.seriesLimit = statement.seriesLimit.flatMap { $0 > 0 ? $0 : nil }
    plan.seriesOffset = max(statement.seriesOffset ?? 0, 0)
    plan.into = statement.into
    plan.episodes = EpisodeSelection(quietSpan: quietSpan, release: release, columns: columns)
    return plan
  }

  private static func hysteresis(
    _ arguments: [Expression]
  ) throws -> (quiet: Int64, release: Double) {
    guard arguments.count <= 2 else {
      throw QueryError.invalid(
        "invalid number of arguments for episodes, expected at most 2, got \(arguments.count)")
    }
    var quiet = EpisodeSelection.quiet
    if let argument = arguments.first {
      guard case .integer(let count)? = argument.constantNumber, count > 0 else {
        throw QueryError.invalid(
          "expected a number of intervals as first argument of episodes(), found \(argument)")
      }
      quiet = count
    }
    var release = EpisodeSelection.release
    if arguments.count == 2 {
      switch arguments[1].constantNumber {
      case .integer(1): release = 1
      case .float(let value)? where value > 0 && value <= 1: release = value
      default:
        throw QueryError.invalid(
          "expected a number above 0, at most 1, as second argument of episodes(), found "
            + "\(arguments[1])")
      }
    }
    return (quiet, release)
  }
}

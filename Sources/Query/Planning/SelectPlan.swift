import Foundation
import TimeSeries

/// A SELECT with everything resolved: what to read, which calls to compute from it, and the
/// expressions over their results that make the columns.
struct SelectPlan: Sendable {
  struct Output: Sendable, Hashable {
    var name: String
    var expression: RowExpression
    /// Nil where it rests on a field that no source has; such a column is null throughout.
    var type: FieldType?
    /// The projection is a tag.
    var isTag: Bool
    /// Becomes a tag of the points that `SELECT … INTO` writes, not a field.
    var isWrittenAsTag = false
  }

  var outputs: [Output]
  var timeColumn = "time"
  var sources: [PlannedSource]
  /// What sources deliver, in this order: first what projections and calls use, then what only the
  /// condition does.
  var columns: [PlanColumn]
  /// Columns whose presence makes a row of a raw query: the fields selected.
  var drivingColumns: [Int]
  /// The condition without the range of time that encloses it.
  var condition: RowCondition?
  var from: Timestamp
  var through: Timestamp
  /// Whether `from` bounds anything.
  var hasLowerBound: Bool
  var grid: BucketGrid?
  /// Tag keys of GROUP BY, sorted.
  var dimensions: [String]
  /// The dimensions as the statement itself has them, in its order, before any it inherits.
  var ownDimensions: [String]
  var fill: FillRule
  /// Empty for a raw query.
  var calls: [Call]
  /// Columns that come along with the point a selector picks, after the calls' results.
  var auxiliaryColumns: [Int]
  var descending: Bool
  var limit: Int?
  var offset: Int
  var seriesLimit: Int?
  var seriesOffset: Int
  var into: MeasurementName?
  var model: ModelSelection?
  /// A tag whose value each group is to know.
  var shareTag: String?
  /// The times that results of a model's functions and episodes can have. These read rows between
  /// them, too; other plans leave such rows out by ``condition``.
  var resultTimes = TimeRanges.all
  var episodes: EpisodeSelection?
  /// The clock of `tz()`.
  var zone: ZoneClock?

  /// The measurements that rows come from, those of subqueries included.
  var measurements: Set<String> {
    sources.reduce(into: []) { names, source in
      switch source {
      case .measurement(let measurement): names.insert(measurement.name)
      case .subquery(let inner): names.formUnion(inner.measurements)
      }
    }
  }

  /// Every row of a subquery is one, also where all its values are null.
  var keepsEmptyRows: Bool {
    sources.allSatisfy { if case .subquery = $0 { true } else { false } }
  }

  /// Leaves out rows between the ranges of a set that `from` and `through` enclose.
  mutating func leaveOutGaps(of times: TimeRanges) {
    guard times.ranges.count > 1 else { return }
    let gaps = RowCondition.time(times.unbounded)
    condition = condition.map { .both(gaps, $0) } ?? gaps
  }

  var isRaw: Bool { calls.isEmpty && model == nil && episodes == nil }

  /// The one call that keeps the time of the point it picks: a lone selector outside GROUP BY time.
  var keepsPointTime: Bool { grid == nil && calls.count == 1 && calls[0].isSelector }
}

/// A column that sources deliver.
struct PlanColumn: Sendable, Hashable {
  var name: String
  var cast: Expression.Cast?
  /// Nil where no source has it.
  var type: FieldType?
  var isTag: Bool
}

/// What stands in FROM, bound to the store or planned itself.
enum PlannedSource: Sendable {
  case measurement(PlannedMeasurement)
  indirect case subquery(SelectPlan)
}

struct PlannedMeasurement: Sendable {
  var name: String
  var retentionPolicy: String?
  var snapshot: any DatabaseSnapshot
  var schema: MeasurementSchema
}

enum FillRule: Sendable, Hashable {
  case null, none, previous, linear
  case value(FieldValue)
}

/// A function over the points of a group, or over what another one yields.
indirect enum Call: Sendable, Hashable {
  case aggregate(Aggregate, column: Int)
  /// Of a field's points.
  case transformPoints(Transformation, column: Int)
  /// Of an aggregate's buckets.
  case transform(Transformation, Call)

  /// Whether it picks points that are there, and so can keep their time and other columns.
  var isSelector: Bool {
    if case .aggregate(let aggregate, _) = self { aggregate.isSelector } else { false }
  }

  /// Intervals to be read before the first one, so that it has its predecessors.
  var lookback: Int {
    if case .transform(let transformation, let inner) = self {
      transformation.lookback + inner.lookback
    } else {
      0
    }
  }
}

enum Aggregate: Sendable, Hashable {
  case count, sum, mean, min, max, first, last, spread
  case median, stddev, mode, distinct, countDistinct
  case percentile(Double)
  case integral(unit: Int64)
  /// The rows with the largest (or smallest) values; of rows that agree in the key columns only
  /// the best one.
  case top(Int, keys: [Int], isBottom: Bool)
  /// So many rows at random.
  case sample(Int)

  var isSelector: Bool {
    switch self {
    case .min, .max, .first, .last, .percentile, .top, .sample: true
    default: false
    }
  }

  /// Whether it picks several rows of a bucket, which keep their times.
  var picksSeveral: Bool {
    switch self {
    case .top, .sample: true
    default: false
    }
  }

  /// Whether it is computed from running state, without gathering a bucket's values.
  var isStreaming: Bool {
    switch self {
    case .count, .sum, .mean, .min, .max, .first, .last, .spread: true
    default: false
    }
  }

  var name: String {
    switch self {
    case .count, .countDistinct: "count"
    case .sum: "sum"
    case .mean: "mean"
    case .min: "min"
    case .max: "max"
    case .first: "first"
    case .last: "last"
    case .spread: "spread"
    case .median: "median"
    case .stddev: "stddev"
    case .mode: "mode"
    case .distinct: "distinct"
    case .percentile: "percentile"
    case .integral: "integral"
    case .top(_, _, let isBottom): isBottom ? "bottom" : "top"
    case .sample: "sample"
    }
  }

  /// The type of the result, nil where the argument's type has no meaning for it.
  func type(of argument: FieldType) -> FieldType? {
    let isNumeric = Arithmetic.isNumeric(argument)
    switch self {
    case .count, .countDistinct: return .integer
    case .sum, .spread, .percentile, .top: return isNumeric ? argument : nil
    case .mean, .median, .stddev, .integral: return isNumeric ? .float : nil
    case .min, .max: return isNumeric || argument == .boolean ? argument : nil
    case .first, .last, .mode, .distinct, .sample: return argument
    }
  }
}

enum Transformation: Sendable, Hashable {
  case derivative(unit: Int64, nonNegative: Bool)
  case difference(nonNegative: Bool)
  case movingAverage(Int)
  case cumulativeSum
  case elapsed(unit: Int64)
  case indicator(Indicator)
  case holtWinters(HoltWinters)

  var name: String {
    switch self {
    case .derivative(_, let nonNegative): nonNegative ? "non_negative_derivative" : "derivative"
    case .difference(let nonNegative): nonNegative ? "non_negative_difference" : "difference"
    case .movingAverage: "moving_average"
    case .cumulativeSum: "cumulative_sum"
    case .elapsed: "elapsed"
    case .indicator(let indicator): indicator.kind.rawValue
    case .holtWinters(let forecast):
      forecast.withFit ? "holt_winters_with_fit" : "holt_winters"
    }
  }

  /// Intervals read before the first one. InfluxDB reads one, for a moving average of more too.
  var lookback: Int {
    switch self {
    case .cumulativeSum, .holtWinters: 0
    case .derivative, .difference, .movingAverage, .elapsed, .indicator: 1
    }
  }

  func type(of argument: FieldType) -> FieldType? {
    let isNumeric = Arithmetic.isNumeric(argument)
    switch self {
    case .derivative, .movingAverage, .indicator, .holtWinters: return isNumeric ? .float : nil
    case .difference, .cumulativeSum: return isNumeric ? argument : nil
    case .elapsed: return .integer
    }
  }
}

extension Call {
  /// The type of its results over columns of these types; nil where the field is unknown.
  func type(columns: [PlanColumn]) throws -> FieldType? {
    switch self {
    case .aggregate(let aggregate, let column):
      guard let argument = columns[column].type else { return nil }
      guard let type = aggregate.type(of: argument) else {
        throw QueryError.unsupportedType(function: aggregate.name, type: argument)
      }
      return type
    case .transformPoints(let transformation, let column):
      guard let argument = columns[column].type else { return nil }
      guard let type = transformation.type(of: argument) else {
        throw QueryError.unsupportedType(function: transformation.name, type: argument)
      }
      return type
    case .transform(let transformation, let inner):
      guard let argument = try inner.type(columns: columns) else { return nil }
      guard let type = transformation.type(of: argument) else {
        throw QueryError.unsupportedType(function: transformation.name, type: argument)
      }
      return type
    }
  }
}

import Query
import TimeSeries

/// A result's series as what a plot draws.
struct PlotData {
  struct Line {
    var name: String
    /// NaN where there is no value.
    var values: [Double]
    var isThreshold: Bool
  }

  var title: String
  var timestamps: [Timestamp]
  var lines: [Line]
  /// Rows marked as anomalous; nil where the result has no such column.
  var anomalies: [Int]?

  /// Why a result cannot be drawn.
  struct Unsuitable: Error, CustomStringConvertible {
    var description: String
  }

  /// A column named `threshold` becomes the threshold line and one named `anomaly` the marks, in
  /// whatever case; columns of strings are left out. Rows are put into the order of time.
  ///
  /// Rows without any number at either end are left out: GROUP BY time goes on to now where WHERE
  /// does not say otherwise, and the data would be squeezed into a corner.
  ///
  /// Throws ``Unsuitable`` for a series without times or without numbers.
  init(_ series: ResultSeries) throws(Unsuitable) {
    let name = ([series.name] + series.tags.map { "\($0.key)=\($0.value)" })
      .filter { !$0.isEmpty }.joined(separator: " ")
    title = DisplayWidth.printable(name)
    guard series.hasTime, case .integer(let times)? = series.columns.first?.values else {
      throw Unsuitable(description: "\\plot needs a SELECT: the result has no times")
    }
    let numbers = series.columns.dropFirst().filter { $0.type != .string }
    let isFilled = times.indices.map { row in numbers.contains { $0.isPresent(row) } }
    let isAscending = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
    var order = isAscending ? Array(times.indices) : times.indices.sorted { times[$0] < times[$1] }
    order.removeLast(order.reversed().prefix { !isFilled[$0] }.count)
    order.removeFirst(order.prefix { !isFilled[$0] }.count)
    timestamps = order.map { times[$0] }
    lines = []
    for (name, column) in zip(series.columnNames, series.columns).dropFirst() {
      guard column.type != .string else { continue }
      let values = order.map { row in column[row].flatMap(ResultValue.number) ?? .nan }
      if name.lowercased() == "anomaly" {
        anomalies = values.indices.filter { values[$0] != 0 && !values[$0].isNaN }
      } else {
        lines.append(
          Line(
            name: DisplayWidth.printable(name), values: values,
            isThreshold: name.lowercased() == "threshold"))
      }
    }
    guard !lines.isEmpty else {
      throw Unsuitable(description: "\\plot needs a column of numbers: the result has none")
    }
  }
}

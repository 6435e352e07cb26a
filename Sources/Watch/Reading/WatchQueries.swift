import Query
import Shell
import TimeSeries

/// The statements that watching is made of. Names go in as quoted identifiers, values as quoted
/// strings, so that none can be read as a statement.
struct WatchQueries: Sendable {
  let settings: WatchSettings

  /// Intervals that a container may be silent before it is not listed any more.
  private static let patience = 60

  private var group: String { Self.name(settings.group) }
  private func since(_ intervals: Int) -> String {
    "time > now() - \(intervals * settings.interval)s"
  }

  /// The names and types of the metrics.
  var fieldKeys: String { "SHOW FIELD KEYS FROM \(Self.name(settings.source))" }

  /// A row for each container that has metrics of late, with the newest time.
  func present(field: String) -> String {
    "SELECT \(Self.name(field)) FROM \(Self.name(settings.source)) WHERE \(since(Self.patience))"
      + " GROUP BY \(group) ORDER BY time DESC LIMIT 1"
  }

  /// The newest health row of each container.
  var health: String {
    "SELECT * FROM \(Self.name(settings.health)) WHERE \(since(Self.patience))"
      + " GROUP BY \(group) ORDER BY time DESC LIMIT 1"
  }

  /// The newest rows of some containers. A container of several series has their mean, as a model's
  /// rows do.
  func metrics(_ fields: [String], of containers: [String], rows: Int) -> String {
    let columns = fields.map { "mean(\(Self.name($0))) AS \(Self.name($0))" }
    let condition = containers.map { "\(group) = \(Self.text($0))" }.joined(separator: " OR ")
    return "SELECT \(columns.joined(separator: ", ")) FROM \(Self.name(settings.source))"
      + " WHERE \(since(rows)) AND (\(condition))"
      + " GROUP BY time(\(settings.interval)s), \(group) fill(none)"
  }

  /// All marks, oldest first; nil where there is no such measurement.
  var marks: String? {
    settings.marks.map {
      "SELECT \"text\", \"until\" FROM \(Self.name($0)) GROUP BY \(group)"
    }
  }

  /// All health rows from a time on.
  func healthRows(from time: Timestamp) -> String {
    "SELECT * FROM \(Self.name(settings.health)) WHERE time >= \(time) GROUP BY \(group)"
  }

  static func name(_ name: String) -> String { RemoteConnection.quoted(name) }

  /// A string literal: InfluxQL knows these escapes alone, and refuses a bare line end.
  static func text(_ text: String) -> String {
    var literal = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'": literal += "\\'"
      case "\\": literal += "\\\\"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "'"
  }
}

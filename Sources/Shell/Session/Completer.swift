/// Proposes how a word goes on.
struct Completer: Sendable {
  var databases: [String] = []
  var measurements: [String] = []
  /// Fields and tags.
  var columns: [String] = []

  static let keywords = [
    "ALL", "AND", "ANALYZE", "AS", "ASC", "BEGIN", "BY", "CARDINALITY", "CONTINUOUS", "CREATE",
    "DATABASE", "DATABASES", "DEFAULT", "DELETE", "DESC", "DISTINCT", "DROP", "DURATION", "END",
    "EVERY", "EXPLAIN", "FIELD", "FIELDS", "FILL", "FOR", "FROM", "GRAPH", "GROUP", "IN", "INSERT",
    "INTO",
    "KEY", "KEYS", "KILL", "LIMIT", "MEASUREMENT", "MEASUREMENTS", "MODEL", "MODELS", "OFFSET",
    "ON", "OR", "ORDER", "OVER", "POLICIES", "POLICY", "QUERIES", "QUERY", "REPLICATION",
    "RESAMPLE", "RETENTION", "RETRAIN", "SELECT", "SERIES", "SHARD", "SHOW", "SINCE", "SLIMIT",
    "SOFFSET", "SUSPECTS",
    "TAG", "TIME",
    "USE", "USING", "VALUES", "WHERE", "WITH",
  ]

  static let functions = [
    "anomaly(", "bottom(", "count(", "cumulative_sum(", "derivative(", "detect(", "difference(",
    "elapsed(", "episodes(", "first(", "integral(", "last(", "max(", "mean(", "median(", "min(",
    "mode(", "moving_average(", "non_negative_derivative(", "now()", "percentile(", "rl(", "share(",
    "spread(", "state(", "stddev(", "sum(", "threshold(", "top(", "version(",
  ]

  static let commands = [
    "\\databases", "\\export", "\\format", "\\help", "\\import", "\\measurements", "\\models",
    "\\plot", "\\precision",
    "\\pretty", "\\quit", "\\timing", "\\use", "\\watch",
  ]

  /// What `word` may become, `before` being the line up to it. Sorted, each once.
  func candidates(for word: String, after before: String) -> [String] {
    let previous = before.split(whereSeparator: \.isWhitespace).last?.uppercased()
    let choices: [String]
    switch previous {
    case nil where word.hasPrefix("\\"): choices = Self.commands
    case "USE", "\\USE": choices = databases.map(Self.name)
    case "ON": choices = databases.map(Self.name)
    case "FROM", "MEASUREMENT", "INTO", "INSERT", "GRAPH": choices = measurements.map(Self.name)
    case "\\FORMAT": choices = OutputFormat.allCases.map(\.rawValue)
    case "\\PRECISION": choices = ["rfc3339", "h", "m", "s", "ms", "u", "ns"]
    default:
      guard !word.isEmpty else { return [] }
      let isLowercase = word.allSatisfy { !$0.isUppercase }
      choices =
        Self.keywords.map { isLowercase ? $0.lowercased() : $0 } + Self.functions
        + (columns + measurements).map(Self.name)
    }
    let wanted = word.lowercased()
    return Array(Set(choices.filter { $0.lowercased().hasPrefix(wanted) })).sorted()
  }

  /// A name as it stands in a statement: in quotes where it is no plain identifier.
  private static func name(_ name: String) -> String {
    let isPlain =
      name.first.map { !$0.isNumber } == true
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      && !keywords.contains(name.uppercased())
    if isPlain { return name }
    return "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

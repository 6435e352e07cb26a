import TimeSeries

extension Expression {
  /// With the type of each name after it, where `type` knows one: `usage::float`.
  func typed(by type: (String) -> Cast?) -> Expression {
    switch self {
    case .reference(let name, let cast): .reference(name, cast: cast ?? type(name))
    case .call(let name, let arguments): .call(name, arguments.map { $0.typed(by: type) })
    case .binary(let op, let a, let b): .binary(op, a.typed(by: type), b.typed(by: type))
    case .parenthesized(let inner): .parenthesized(inner.typed(by: type))
    default: self
    }
  }

  /// What InfluxDB's messages call this kind of expression.
  var goTypeName: String {
    switch self {
    case .integer: "*influxql.IntegerLiteral"
    case .unsigned: "*influxql.UnsignedLiteral"
    case .number: "*influxql.NumberLiteral"
    case .string: "*influxql.StringLiteral"
    case .boolean: "*influxql.BooleanLiteral"
    case .duration: "*influxql.DurationLiteral"
    case .regex: "*influxql.RegexLiteral"
    case .wildcard: "*influxql.Wildcard"
    case .reference: "*influxql.VarRef"
    case .call: "*influxql.Call"
    case .binary: "*influxql.BinaryExpr"
    case .parenthesized: "*influxql.ParenExpr"
    }
  }

  var isLiteral: Bool {
    switch self {
    case .integer, .unsigned, .number, .string, .boolean, .duration: true
    default: false
    }
  }

  /// The value of a literal, as a row expression has it.
  var literalValue: FieldValue? {
    switch self {
    case .integer(let value), .duration(let value): .integer(value)
    case .unsigned(let value): .unsigned(value)
    case .number(let value): .float(value)
    case .string(let value): .string(value)
    case .boolean(let value): .boolean(value)
    default: nil
    }
  }
}

extension Expression.Cast {
  init(_ type: FieldType) {
    switch type {
    case .float: self = .float
    case .integer: self = .integer
    case .unsigned: self = .unsigned
    case .boolean: self = .boolean
    case .string: self = .string
    }
  }
}

enum DurationText {
  /// As Go prints a `time.Duration`: `168h0m0s`, `1.5s`, `0s`.
  static func goFormat(_ nanoseconds: Int64) -> String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let total = nanoseconds.magnitude
    func decimal(_ unit: UInt64, _ name: String) -> String {
      var fraction = String(total % unit)
      fraction = String(repeating: "0", count: String(unit).count - 1 - fraction.count) + fraction
      while fraction.hasSuffix("0") { fraction.removeLast() }
      return sign + "\(total / unit)" + (fraction.isEmpty ? "" : ".\(fraction)") + name
    }
    if total < 1_000 { return sign + "\(total)ns" }
    if total < 1_000_000 { return decimal(1_000, "µs") }
    if total < 1_000_000_000 { return decimal(1_000_000, "ms") }
    let hours = total / 3_600_000_000_000
    let minutes = total / 60_000_000_000 % 60
    let rest = total % 60_000_000_000
    var seconds = String(rest / 1_000_000_000)
    if rest % 1_000_000_000 != 0 {
      let digits = String(rest % 1_000_000_000 + 1_000_000_000).dropFirst()
      seconds += "." + String(digits.reversed().drop { $0 == "0" }.reversed())
    }
    if hours > 0 { return sign + "\(hours)h\(minutes)m\(seconds)s" }
    return minutes > 0 ? sign + "\(minutes)m\(seconds)s" : sign + "\(seconds)s"
  }
}

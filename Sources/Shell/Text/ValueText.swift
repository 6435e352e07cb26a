import TimeSeries

/// Field values as tables and CSV show them.
enum ValueText {
  static func of(_ value: FieldValue?) -> String {
    switch value {
    case nil: ""
    case .float(let value): of(value)
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .boolean(let value): value ? "true" : "false"
    case .string(let value): value
    }
  }

  /// The shortest digits that read back as the same number; whole numbers without a point.
  static func of(_ value: Double) -> String {
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    if value.isNaN { return "NaN" }
    return value.description
  }
}

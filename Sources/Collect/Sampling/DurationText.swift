/// Durations as people write them: a whole number and a unit, such as `500ms`, `1s` or `5m`.
public enum DurationText {
  /// Nil where `text` is none, or more than about 292 years.
  public static func duration(_ text: some StringProtocol) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), let unit = nanoseconds[String(text[digits.endIndex...])]
    else { return nil }
    let (value, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : .nanoseconds(value)
  }

  private static let nanoseconds: [String: Int64] = [
    "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
  ]
}

extension Duration {
  /// Rounded towards zero; the largest number where it is longer than that.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || carried ? (seconds < 0 ? .min : .max) : sum
  }
}

/// A length of time as a query writes it: `90s`, `1m`, `6h`.
public struct Span: Sendable, Hashable {
  public var text: String
  public var nanoseconds: Int64

  public static let minute = Span(text: "1m", nanoseconds: 60_000_000_000)

  init(text: String, nanoseconds: Int64) {
    self.text = text
    self.nanoseconds = nanoseconds
  }

  /// Nil for what is not a positive whole number and one of ms, s, m, h, d.
  public init?(_ text: String) {
    let units: [(String, Int64)] = [
      ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
      ("d", 86_400_000_000_000),
    ]
    guard let (unit, size) = units.first(where: { text.hasSuffix($0.0) }),
      let count = Int64(text.dropLast(unit.count)), count > 0
    else { return nil }
    let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow else { return nil }
    self.init(text: text, nanoseconds: nanoseconds)
  }
}

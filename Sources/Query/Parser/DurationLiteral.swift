/// `1h30m` and its like: digits and units by turns.
///
/// Units are `ns`, `u` or `µ` (also `us`, `µs`), `ms`, `s`, `m`, `h`, `d`, `w`.
public enum DurationLiteral {
  /// Nanoseconds of a text as `1h30m`; nil where it is none or does not fit.
  public static func nanoseconds(_ text: String) -> Int64? {
    (try? parse(text)).flatMap(Int64.init(exactly:))
  }

  enum Failure: Error {
    case malformed
    /// With the part that does not fit.
    case overflow(String)
  }

  /// Nanoseconds, not negative; up to one more than `Int64.max`, for a sign to come.
  static func parse(_ text: String) throws(Failure) -> UInt64 {
    var total: UInt64 = 0
    var rest = text.utf8[...]
    guard !rest.isEmpty else { throw .malformed }
    while !rest.isEmpty {
      let part = rest
      let digits = rest.prefix { $0.isDigit }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { !$0.isDigit }
      guard !digits.isEmpty else { throw .malformed }
      let (nanoseconds, length) = try scale(unit)
      rest = rest.dropFirst(length)
      let shown = String(decoding: part.prefix(digits.count + length), as: UTF8.self)
      guard let count = UInt64(String(decoding: digits, as: UTF8.self)) else {
        throw .overflow(shown)
      }
      let (product, tooLong) = count.multipliedReportingOverflow(by: nanoseconds)
      let (sum, tooLongTogether) = total.addingReportingOverflow(product)
      guard !tooLong, !tooLongTogether, sum <= UInt64(Int64.max) + 1 else {
        throw .overflow(shown)
      }
      total = sum
    }
    return total
  }

  /// The nanoseconds of the unit that `text` begins with, and its length in bytes.
  private static func scale(_ text: Substring.UTF8View) throws(Failure) -> (UInt64, Int) {
    let isMicro = text.starts(with: "µ".utf8)
    let letters = Array(text.prefix(isMicro ? 3 : 2))
    switch String(decoding: letters, as: UTF8.self) {
    case "ns": return (1, 2)
    case "us": return (1_000, 2)
    case "µs": return (1_000, 3)
    case "ms": return (1_000_000, 2)
    default: break
    }
    if isMicro { return (1_000, 2) }
    switch letters.first {
    case UInt8(ascii: "u"): return (1_000, 1)
    case UInt8(ascii: "s"): return (1_000_000_000, 1)
    case UInt8(ascii: "m"): return (60 * 1_000_000_000, 1)
    case UInt8(ascii: "h"): return (3_600 * 1_000_000_000, 1)
    case UInt8(ascii: "d"): return (86_400 * 1_000_000_000, 1)
    case UInt8(ascii: "w"): return (604_800 * 1_000_000_000, 1)
    default: throw .malformed
    }
  }

  /// In the largest unit that divides it: `90m`, `1h`, `0s`.
  static func format(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "0s" }
    let units: [(Int64, String)] = [
      (604_800 * 1_000_000_000, "w"), (86_400 * 1_000_000_000, "d"), (3_600 * 1_000_000_000, "h"),
      (60 * 1_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "u"),
    ]
    for (scale, name) in units where nanoseconds % scale == 0 {
      return "\(nanoseconds / scale)\(name)"
    }
    return "\(nanoseconds)ns"
  }
}

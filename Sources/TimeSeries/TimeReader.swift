/// Reads times as people and programs write them: `2026-01-31`, `2026-01-31 12:30:00.25`, RFC 3339
/// with `T` and a zone.
public struct TimeReader: Sendable {
  /// A moment as far as timestamps can tell it.
  public enum Instant: Sendable, Hashable {
    case at(Timestamp)
    /// Outside ``TimestampBounds``.
    case before, after
  }

  /// Since 1970, as if it were meant in UTC.
  public let localSeconds: Int64
  /// Since the second, 0 to 999,999,999.
  public let nanoseconds: Int64
  /// Seconds that the zone is ahead of UTC; nil where none is written.
  public let offset: Int64?

  /// Nil where `text` is no time.
  public init?(_ text: String) {
    var scanner = Scanner(bytes: Array(text.utf8)[...])
    guard let (year, month, day) = scanner.yearMonthDay(),
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    var seconds = date.daysSinceEpoch * 86_400
    var nanoseconds: Int64 = 0
    var offset: Int64?
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
        let clock = scanner.hoursAndMinutes(), scanner.take(":"), let second = scanner.digits(2),
        second < 60
      else { return nil }
      seconds += clock + second
      if scanner.take(".") {
        guard let fraction = scanner.fraction() else { return nil }
        nanoseconds = fraction
      }
      if scanner.take("Z") || scanner.take("z") {
        offset = 0
      } else if let sign = scanner.sign() {
        guard let ahead = scanner.hoursAndMinutes() else { return nil }
        offset = sign * ahead
      }
    }
    guard scanner.isAtEnd else { return nil }
    localSeconds = seconds
    self.nanoseconds = nanoseconds
    self.offset = offset
  }

  /// The moment that is meant, in a zone that is `offset` seconds ahead of UTC.
  public func instant(offset: Int64) -> Instant {
    var seconds = localSeconds - offset
    var rest = nanoseconds
    if seconds < 0, rest > 0 {
      // Counted from above, so that the earliest time does not overflow on its way.
      seconds += 1
      rest -= 1_000_000_000
    }
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (total, carried) = scaled.addingReportingOverflow(rest)
    if overflow || carried || !TimestampBounds.contains(total) {
      return seconds < 0 ? .before : .after
    }
    return .at(total)
  }

  /// `NNNN-NN-NN` and whatever follows: meant as a time, be it one or not.
  public static func looksLikeDate(_ text: String) -> Bool {
    var scanner = Scanner(bytes: Array(text.utf8)[...])
    return scanner.yearMonthDay() != nil
  }

  private struct Scanner {
    var bytes: ArraySlice<UInt8>

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard let first = bytes.first, UInt32(first) == character.value else { return false }
      bytes.removeFirst()
      return true
    }

    mutating func sign() -> Int64? { take("+") ? 1 : take("-") ? -1 : nil }

    mutating func digits(_ count: Int) -> Int64? {
      guard bytes.count >= count else { return nil }
      var value: Int64 = 0
      for byte in bytes.prefix(count) {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      bytes.removeFirst(count)
      return value
    }

    /// `NNNN-NN-NN`, be it a date or not.
    mutating func yearMonthDay() -> (Int64, Int64, Int64)? {
      guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2)
      else { return nil }
      return (year, month, day)
    }

    /// `HH:MM`, in seconds.
    mutating func hoursAndMinutes() -> Int64? {
      guard let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
      else { return nil }
      return hours * 3600 + minutes * 60
    }

    /// One to nine digits after the point, as nanoseconds.
    mutating func fraction() -> Int64? {
      let count = bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
      guard (1...9).contains(count), let value = digits(count) else { return nil }
      return (count..<9).reduce(value) { value, _ in value * 10 }
    }
  }
}

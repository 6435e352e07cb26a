import Foundation
import TimeSeries

/// Dates in single quotes: `2026-01-31`, `2026-01-31 12:30:00.25`, RFC 3339 with `T` and a zone.
/// Without a zone they mean the zone of the statement's `tz()`, or UTC.
enum TimeLiteral {
  enum Instant: Hashable {
    case at(Timestamp)
    /// Outside the range of timestamps.
    case before, after
  }

  static func parse(_ text: String, zone: TimeZone?) -> Instant? {
    var reader = Reader(Array(text.utf8)[...])
    guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2),
      reader.take("-"), let day = reader.digits(2), (1...12).contains(month),
      (1...daysInMonth(year, month)).contains(day)
    else { return nil }
    var seconds = daysSinceEpoch(year, month, day) * 86_400
    var nanoseconds: Int64 = 0
    var offset: Int64?
    if !reader.isAtEnd {
      guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.digits(2),
        reader.take(":"), let minute = reader.digits(2), reader.take(":"),
        let second = reader.digits(2), hour < 24, minute < 60, second < 60
      else { return nil }
      seconds += hour * 3600 + minute * 60 + second
      if reader.take(".") {
        guard let fraction = reader.fraction() else { return nil }
        nanoseconds = fraction
      }
      if reader.take("Z") || reader.take("z") {
        offset = 0
      } else if let sign = reader.sign() {
        guard let hours = reader.digits(2), reader.take(":"), let minutes = reader.digits(2)
        else { return nil }
        offset = sign * (hours * 3600 + minutes * 60)
      }
    }
    guard reader.isAtEnd else { return nil }
    if let offset {
      seconds -= offset
    } else if let zone {
      seconds -= localOffset(of: seconds, in: zone)
    }
    if seconds < 0, nanoseconds > 0 {
      // Counted from above, so that the earliest time does not overflow on its way.
      seconds += 1
      nanoseconds -= 1_000_000_000
    }
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (total, carried) = scaled.addingReportingOverflow(nanoseconds)
    if overflow || carried || !TimestampBounds.contains(total) {
      return seconds < 0 ? .before : .after
    }
    return .at(total)
  }

  /// `NNNN-NN-NN` and whatever follows: meant as a time, be it one or not.
  static func looksLikeDate(_ text: String) -> Bool {
    var reader = Reader(Array(text.utf8)[...])
    return reader.digits(4) != nil && reader.take("-") && reader.digits(2) != nil
      && reader.take("-") && reader.digits(2) != nil
  }

  /// The zone's offset at a local time, given as the seconds it would be in UTC.
  private static func localOffset(of local: Int64, in zone: TimeZone) -> Int64 {
    func offset(at seconds: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }
    let guess = offset(at: local)
    return offset(at: local - guess)
  }

  private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days in the proleptic Gregorian calendar, counted in 400-year eras that begin in March.
  private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private struct Reader {
    var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

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

    /// One to nine digits after the point, as nanoseconds.
    mutating func fraction() -> Int64? {
      var value: Int64 = 0
      var count = 0
      while let byte = bytes.first, byte >= 0x30, byte <= 0x39 {
        guard count < 9 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
        count += 1
        bytes.removeFirst()
      }
      guard count > 0 else { return nil }
      for _ in count..<9 { value *= 10 }
      return value
    }
  }
}

import Foundation
import TimeSeries

/// Dates in single quotes. Without a zone they mean the zone of the statement's `tz()`, or UTC.
enum TimeLiteral {
  static func parse(_ text: String, zone: TimeZone?) -> TimeReader.Instant? {
    guard let time = TimeReader(text) else { return nil }
    let offset = time.offset ?? zone.map { Self.offset(of: $0, atLocal: time.localSeconds) } ?? 0
    return time.instant(offset: offset)
  }

  /// The zone's offset at a local time, given as the seconds it would be in UTC.
  private static func offset(of zone: TimeZone, atLocal local: Int64) -> Int64 {
    func offset(at seconds: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }
    return offset(at: local - offset(at: local))
  }
}

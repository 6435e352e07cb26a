import Foundation

/// The header `Retry-After` (RFC 9110, section 10.2.3): seconds or a date.
enum RetryAfter {
  /// - Returns: nil where it is neither.
  static func duration(_ value: String, now: Date) -> Duration? {
    let text = value.trimmingCharacters(in: .whitespaces)
    if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    guard let date = format.date(from: text) else { return nil }
    return .seconds(max(0, date.timeIntervalSince(now)))
  }
}

/// Timestamps as RFC 3339.
public enum TimestampText {
  /// In UTC; the fraction without trailing zeros, none where it is zero.
  public static func rfc3339(_ timestamp: Timestamp) -> String { rfc3339(timestamp, zone: nil) }

  /// As the clocks of a zone show it, with their offset; in UTC if it is nil.
  public static func rfc3339(_ timestamp: Timestamp, zone: ZoneClock?) -> String {
    var writer = RFC3339Writer(zone: zone)
    var bytes: [UInt8] = []
    writer.append(timestamp, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Nil where `text` is no time, has no zone, or means a moment outside ``TimestampBounds``.
  public static func timestamp(rfc3339 text: String) -> Timestamp? {
    guard let time = TimeReader(text), let offset = time.offset,
      case .at(let timestamp) = time.instant(offset: offset)
    else { return nil }
    return timestamp
  }
}

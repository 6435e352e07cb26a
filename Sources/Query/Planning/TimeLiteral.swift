import TimeSeries

/// Dates in single quotes. Without a zone they mean the zone of the statement's `tz()`, or UTC.
enum TimeLiteral {
  static func parse(_ text: String, zone: ZoneClock?) -> TimeReader.Instant? {
    guard let time = TimeReader(text) else { return nil }
    if let offset = time.offset { return time.instant(offset: offset) }
    guard let zone, case .at(let local) = time.instant(offset: 0) else {
      return time.instant(offset: 0)
    }
    return time.instant(offset: zone.offset(atLocal: local) / 1_000_000_000)
  }
}

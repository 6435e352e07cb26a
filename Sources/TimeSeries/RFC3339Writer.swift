/// Writes timestamps as RFC 3339, in UTC or as the clocks of a time zone show them. Times of a result
/// mostly share their day and their offset, so both are kept.
public struct RFC3339Writer: Sendable {
  public let zone: ZoneClock?
  private var day = Int64.min
  private var date: [UInt8] = []
  private var period: Range<Timestamp> = 0..<0
  private var offset: Int64 = 0
  /// What follows the time of day.
  private var suffix = [UInt8(ascii: "Z")]

  public init(zone: ZoneClock? = nil) { self.zone = zone }

  public mutating func append(_ timestamp: Timestamp, to bytes: inout [UInt8]) {
    if let zone, !period.contains(timestamp) { look(up: timestamp, in: zone) }
    let (local, overflow) = timestamp.addingReportingOverflow(offset)
    guard !overflow else {
      // No such local time is within the range of timestamps.
      var utc = RFC3339Writer()
      utc.append(timestamp, to: &bytes)
      return
    }
    let time = CivilTime(local)
    if time.daysSinceEpoch != day {
      day = time.daysSinceEpoch
      date = Self.text(time.date)
    }
    bytes.append(contentsOf: date)
    bytes.append(UInt8(ascii: "T"))
    Self.appendTwoDigits(time.hour, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(time.minute, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(time.second, to: &bytes)
    var fraction = time.nanosecond
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      var unit: Int64 = 100_000_000
      while fraction != 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / unit))
        fraction %= unit
        unit /= 10
      }
    }
    bytes.append(contentsOf: suffix)
  }

  /// Offsets are given to the minute, as Go does, though before standard time they had seconds.
  private mutating func look(up timestamp: Timestamp, in zone: ZoneClock) {
    let index = zone.period(at: timestamp)
    period = zone.periods[index].start..<(zone.end(of: index) ?? .max)
    offset = zone.periods[index].offset
    let minutes = offset.magnitude / 60_000_000_000
    suffix = [UInt8(ascii: offset == 0 ? "Z" : offset < 0 ? "-" : "+")]
    guard offset != 0 else { return }
    Self.appendTwoDigits(Int64(minutes / 60), to: &suffix)
    suffix.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(Int64(minutes % 60), to: &suffix)
  }

  private static func text(_ date: CivilDate) -> [UInt8] {
    var bytes: [UInt8] = []
    appendTwoDigits(date.year / 100, to: &bytes)
    appendTwoDigits(date.year % 100, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(date.month, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(date.day, to: &bytes)
    return bytes
  }

  /// `value` is 0…99.
  private static func appendTwoDigits(_ value: Int64, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
  }
}

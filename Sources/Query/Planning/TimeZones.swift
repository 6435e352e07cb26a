import Foundation
import Synchronization
import TimeSeries

/// The clocks of the time zones that `tz()` names.
enum TimeZones {
  /// Those asked for so far; only names of zones are kept, so their number is bounded.
  private static let known = Mutex<[String: ZoneClock]>([:])

  /// - Throws: ``QueryError`` for a name that is no time zone.
  static func clock(named name: String) throws(QueryError) -> ZoneClock {
    if let clock = known.withLock({ $0[name] }) { return clock }
    guard let zone = zone(named: name) else {
      throw QueryError.invalid("unable to find time zone \(name)")
    }
    let clock = clock(of: zone, named: name)
    known.withLock { $0[name] = clock }
    return clock
  }

  /// As in Go, no name is UTC, and `Local` what the server's clock shows; `GMT+2`, which Foundation
  /// would accept, is not in the tz database.
  private static func zone(named name: String) -> TimeZone? {
    switch name {
    case "": TimeZone(identifier: "UTC")
    case "Local": TimeZone.current
    case _ where name.contains { "+-".contains($0) } && !name.contains("/"): nil
    default: TimeZone(identifier: name)
    }
  }

  private static func clock(of zone: TimeZone, named name: String) -> ZoneClock {
    func offset(at date: Date) -> Int64 { Int64(zone.secondsFromGMT(for: date)) * second }
    let first = date(of: TimestampBounds.earliest)
    let last = date(of: TimestampBounds.latest)
    var changes: [ZoneClock.Period] = []
    var date = first
    // The transitions are all changes of the offset, not those to daylight saving time alone.
    while let next = zone.nextDaylightSavingTimeTransition(after: date), next > date, next < last {
      date = next
      let seconds = Int64(next.timeIntervalSince1970.rounded())
      changes.append(ZoneClock.Period(start: seconds * second, offset: offset(at: next)))
    }
    return ZoneClock(name: name, offset: offset(at: first), changes: changes)
  }

  private static let second: Int64 = 1_000_000_000

  private static func date(of time: Timestamp) -> Date {
    Date(timeIntervalSince1970: Double(time / second))
  }
}

extension SelectStatement {
  /// The clock of its `tz()`; nil if there is none.
  ///
  /// - Throws: ``QueryError`` for a name that is no time zone.
  public func clock() throws(QueryError) -> ZoneClock? {
    guard let timeZone else { return nil }
    return try TimeZones.clock(named: timeZone)
  }
}

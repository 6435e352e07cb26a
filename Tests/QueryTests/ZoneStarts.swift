import Foundation
import TestSupport
import TimeSeries

/// Bucket starts on the clock of a time zone, found by watching it tick, five minutes at a time, with
/// no arithmetic on its changes; what ``BucketGrid`` is compared with.
struct ZoneStarts {
  static let tick: Int64 = 300 * 1_000_000_000

  let every: Int64
  let offset: Int64
  /// Ascending.
  private(set) var starts: [Timestamp] = []

  /// What a zone's clock shows at each tick from a moment on, as nanoseconds since 1970 there.
  struct Clock {
    let first: Timestamp
    let shown: [Timestamp]

    init(_ zone: TimeZone, around center: Timestamp, ticks: Int) {
      let first = center - center % tick - Int64(ticks / 2) * tick
      self.first = first
      shown = (0..<ticks).map { index in
        let time = first + Int64(index) * tick
        let date = Date(timeIntervalSince1970: Double(time / 1_000_000_000))
        return time + Int64(zone.secondsFromGMT(for: date)) * 1_000_000_000
      }
    }
  }

  init(_ clock: Clock, every: Int64, offset: Int64) {
    self.every = every
    self.offset = offset
    for (index, shown) in clock.shown.enumerated().dropFirst() {
      let step = shown - clock.shown[index - 1]
      // A clock put forward passes over what it does not show.
      let passed = step > Self.tick ? step / Self.tick : 1
      guard (0..<passed).contains(where: { isMultiple(shown - $0 * Self.tick) }) else { continue }
      // Where it is put back, it shows again what it showed before.
      let earlier = clock.shown[max(0, index - 300)..<index].lastIndex(of: shown)
      if let earlier, every > Int64(index - earlier) * Self.tick { continue }
      starts.append(clock.first + Int64(index) * Self.tick)
    }
  }

  private func isMultiple(_ shown: Timestamp) -> Bool { (shown - offset) % every == 0 }

  /// The latest start at or before `time`, and the next one; nil at the edges of what was watched.
  func bucket(of time: Timestamp) -> (start: Timestamp, end: Timestamp)? {
    guard let next = starts.firstIndex(where: { $0 > time }), next > 0 else { return nil }
    return (starts[next - 1], starts[next])
  }
}

extension ZoneStarts {
  static let names = [
    "America/New_York", "Europe/Berlin", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran",
    "Antarctica/Troll", "Asia/Gaza", "UTC",
  ]

  static let lengths: [Int64] = [
    5, 10, 15, 25, 30, 40, 60, 65, 90, 120, 180, 360, 420, 720, 1440, 1445, 2160, 2880, 10_080,
  ].map { $0 * 60_000_000_000 }

  /// A zone and a moment, often one near a change of its clock.
  static func place(_ random: inout SeededGenerator) -> (name: String, zone: TimeZone, Timestamp) {
    let name = random.pick(names)
    let zone = TimeZone(identifier: name) ?? .gmt
    let seconds = Int64.random(in: 0...2_000_000_000, using: &random)
    let date = Date(timeIntervalSince1970: Double(seconds))
    let change = random.chance(0.7) ? zone.nextDaylightSavingTimeTransition(after: date) : nil
    return (name, zone, (change.map { Int64($0.timeIntervalSince1970) } ?? seconds) * 1_000_000_000)
  }
}

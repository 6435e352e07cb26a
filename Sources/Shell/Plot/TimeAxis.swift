import TimeSeries

/// The horizontal axis of a plot: where a time stands, and which times are written below. All in
/// UTC.
struct TimeAxis {
  struct Tick: Equatable {
    var timestamp: Timestamp
    var label: String
  }

  let first: Timestamp
  let last: Timestamp
  let ticks: [Tick]

  private static let second: Int64 = 1_000_000_000
  private static let day = 86_400 * second

  /// Steps between ticks, up to a second in nanoseconds and from there in the clock's own parts.
  private static let steps: [Int64] = {
    var steps: [Int64] = []
    var unit: Int64 = 1
    while unit < second {
      steps += [unit, 2 * unit, 5 * unit]
      unit *= 10
    }
    for seconds in [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800] as [Int64] {
      steps.append(seconds * second)
    }
    for hours in [1, 2, 3, 6, 12] as [Int64] { steps.append(hours * 3600 * second) }
    for days in [1, 2, 7, 14, 28, 91, 365, 1826, 3652, 18_262] as [Int64] {
      steps.append(days * day)
    }
    return steps
  }()

  /// - Parameter columns: of the terminal; decides how many ticks have room.
  init(first: Timestamp, last: Timestamp, columns: Int) {
    self.first = first
    self.last = max(first, last)
    guard last > first else {
      ticks = [Tick(timestamp: first, label: CivilTime(first).timeOfDay)]
      return
    }
    let span = Double(UInt64(bitPattern: last &- first))
    let isLong = span >= Double(Self.day)
    let step =
      Self.steps.first { step in
        let width = Self.label(first, step: step, isLong: isLong).count + 4
        return span / Double(step) <= Double(max(1, columns / width))
      } ?? Self.steps[Self.steps.count - 1]

    var found: [Tick] = []
    var tick = first / step * step
    if tick < first { tick += step }
    while tick <= last {
      found.append(Tick(timestamp: tick, label: Self.label(tick, step: step, isLong: isLong)))
      let (next, overflow) = tick.addingReportingOverflow(step)
      if overflow { break }
      tick = next
    }
    ticks = found
  }

  /// 0 at the left, 1 at the right; a single time stands in the middle.
  func position(of timestamp: Timestamp) -> Double {
    guard last > first else { return 0.5 }
    let offset = Double(UInt64(bitPattern: timestamp &- first))
    return min(1, offset / Double(UInt64(bitPattern: last &- first)))
  }

  private static func label(_ timestamp: Timestamp, step: Int64, isLong: Bool) -> String {
    let time = CivilTime(timestamp)
    if step >= day { return time.yearMonthDay }
    if isLong { return time.monthAndDay + " " + time.hourAndMinute }
    if step >= 60 * second { return time.hourAndMinute }
    if step >= second { return time.timeOfDay }
    var digits = 9
    var unit: Int64 = 10
    while digits > 1, step % unit == 0 {
      digits -= 1
      unit *= 10
    }
    let fraction = time.fraction.prefix(digits)
    return time.timeOfDay + "." + fraction
  }
}

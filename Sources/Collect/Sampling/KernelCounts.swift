/// What was counted in the kernel in an interval: the differences of two readings of every probe.
struct KernelCounts: Sendable, Hashable {
  /// Those that are known for the interval. One of which nothing was counted is in here all the
  /// same.
  private(set) var parameters: Set<Parameter> = []
  /// By cgroup id; what is not there is 0.
  private(set) var byCgroup: [UInt64: [Parameter: UInt64]] = [:]
  private(set) var lostEvents: UInt64 = 0

  /// Adds what a probe counted between two readings. Nothing where either is missing or they are
  /// not of the same run, and nothing of a parameter whose totals went back.
  mutating func add(from earlier: KernelReading?, to later: KernelReading?) {
    guard let earlier, let later, earlier.run == later.run else { return }
    for (parameter, totals) in later.totals where !parameters.contains(parameter) {
      guard let before = earlier.totals[parameter] else { continue }
      if totals.contains(where: { $0.value < before[$0.key] ?? 0 }) { continue }
      parameters.insert(parameter)
      for (cgroup, total) in totals {
        let count = total - (before[cgroup] ?? 0)
        if count > 0 { byCgroup[cgroup, default: [:]][parameter] = count }
      }
    }
    if later.lostEvents > earlier.lostEvents {
      lostEvents.addClamped(later.lostEvents - earlier.lostEvents)
    }
  }

  /// All parameters and cgroups together.
  var total: UInt64 {
    var sum: UInt64 = 0
    for counts in byCgroup.values {
      for count in counts.values { sum.addClamped(count) }
    }
    return sum
  }
}

extension UInt64 {
  /// What other programs say may be any number: sums stop at the largest.
  mutating func addClamped(_ other: UInt64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}

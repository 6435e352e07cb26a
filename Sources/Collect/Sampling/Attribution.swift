import TimeSeries

/// What one container did in an interval. What is not known is not in `values`.
struct ContainerRow: Sendable, Hashable {
  var container: ContainerRecord
  var values: [Parameter: UInt64]
}

/// Whose the counts of an interval are.
struct Attribution: Sendable {
  /// One for each container that was there in the interval, by id.
  private(set) var rows: [ContainerRow] = []
  /// Kernel counts, all parameters together, of cgroups that more than one container can have had.
  private(set) var contested: UInt64 = 0
  /// Those of cgroups that no known container had.
  private(set) var unowned: UInt64 = 0

  private let interval: SampledInterval
  private let roster: Roster
  /// Who has a cgroup below its own.
  private var claims: [UInt64: Set<ContainerSample.Key>] = [:]

  /// - Parameter roster: one that has decided the interval.
  init(_ interval: SampledInterval, roster: Roster) {
    self.interval = interval
    self.roster = roster
    for samples in [interval.before, interval.after] {
      for (key, known) in samples {
        for cgroup in known.sample.nested { claims[cgroup, default: []].insert(key) }
      }
    }
    attribute()
  }

  private mutating func attribute() {
    var rows: [String: ContainerRow] = [:]
    for (cgroup, counts) in interval.counts.byCgroup {
      switch owner(of: cgroup) {
      case .container(let container):
        var row = rows[container.id] ?? ContainerRow(container: container, values: [:])
        for (parameter, count) in counts { row.values[parameter, default: 0].addClamped(count) }
        rows[container.id] = row
      case .contested: for count in counts.values { contested.addClamped(count) }
      case .nobody, .undecided: for count in counts.values { unowned.addClamped(count) }
      }
    }
    // A row is there for one of whom something was counted, and for one that can be read at the end.
    var isCounted = Set(rows.keys)
    for (key, known) in interval.after {
      let ownership = key.cgroupID.map { roster.owner(of: $0, in: interval.span) }
      let container = known.container
      guard ownership != .nobody, container.startedAt.map({ $0 < interval.end }) ?? true else {
        continue
      }
      var row = rows[container.id] ?? ContainerRow(container: container, values: [:])
      row.values[.cpuUsage] = cpuUsage(of: known, before: interval.before[key])
      row.values[.memoryUsage] = known.sample.readings.memoryBytes
      rows[container.id] = row
      if case .container = ownership { isCounted.insert(container.id) }
    }
    for id in isCounted {
      for parameter in interval.counts.parameters where rows[id]?.values[parameter] == nil {
        rows[id]?.values[parameter] = 0
      }
    }
    self.rows = rows.values.filter { !$0.values.isEmpty }
      .sorted { $0.container.id < $1.container.id }
  }

  private func owner(of cgroup: UInt64) -> Roster.Ownership {
    let direct = roster.owner(of: cgroup, in: interval.span)
    guard direct == .nobody, let claimants = claims[cgroup], let claimant = claimants.first,
      let above = claimant.cgroupID
    else { return direct }
    guard claimants.count == 1 else { return .contested }
    let owner = roster.owner(of: above, in: interval.span)
    if case .container(let container) = owner, container.id != claimant.containerID {
      return .contested
    }
    return owner
  }

  private func cpuUsage(of known: ContainerSample, before: ContainerSample?) -> UInt64? {
    let readings = known.sample.readings
    if let before { return readings.cpuUsage(since: before.sample.readings) }
    let begin = known.container.startedAt ?? roster.earliestBegin(of: known.container)
    // Its cgroup is as new as it is, so that the total is of this interval.
    return begin.map { $0 >= interval.start } ?? false ? readings.cpuNanoseconds : nil
  }
}

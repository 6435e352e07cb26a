import TimeSeries

/// Turns successive snapshots into who owned a cgroup id in an interval, and what happened to whom.
///
/// The kernel counts by cgroup id, and an id may be given again once its cgroup is gone. What was
/// counted in an interval is a container's only if no other known container can have had the id in
/// it: counts of an interval that spans a change of owners are nobody's. A container that no snapshot
/// ever had cannot be told from the one that next had the same id, except before the start of that.
///
/// Times must not go back; where they do (the clock was set), what is known of the past is dropped.
public struct Roster: Sendable {
  public enum Ownership: Sendable, Hashable {
    case container(ContainerRecord)
    /// No known container: the host's own processes, or a pod's sandbox.
    case nobody
    /// More than one container can have had the id.
    case contested
    /// The last snapshot was begun before the end of the interval: ask after the next one.
    case undecided
  }

  /// How long after the end of a container intervals can still be asked for.
  private let memory: Timestamp
  private var tenures: [UInt64: [Tenure]] = [:]
  /// By id, as of the last snapshot.
  public private(set) var containers: [String: ContainerRecord] = [:]
  private var lastTaken: ClosedRange<Timestamp>?
  private var oomKills: [String: OOMCount] = [:]

  private struct OOMCount {
    var total: UInt64
    var wasCounted = false
  }

  /// - Parameter memory: nanoseconds.
  public init(memory: Timestamp = 60_000_000_000) { self.memory = memory }

  /// Takes in a snapshot.
  ///
  /// - Parameter taken: the times just before the runtime was asked and just after it had answered.
  /// - Returns: What has happened since the last one. The first one has no events: what it finds was
  ///   there before.
  public mutating func update(
    _ snapshot: RuntimeSnapshot, taken: ClosedRange<Timestamp>
  ) -> [LifecycleEvent] {
    let isFirst = lastTaken == nil
    if let lastTaken, taken.lowerBound < lastTaken.lowerBound {
      tenures = [:]
      self.lastTaken = nil
    }
    let previous = containers
    containers = Dictionary(
      snapshot.containers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    // One that could not be read this time is not gone.
    for left in snapshot.leftOut where containers[left.id] == nil {
      containers[left.id] = previous[left.id]
    }
    updateTenures(taken: taken)
    let events = isFirst ? [] : events(since: previous, noticed: taken.upperBound)
    oomKills = oomKills.filter { containers[$0.key]?.state == .running }
    if !isFirst {
      for id in containers.keys where previous[id] == nil && containers[id]?.state == .running {
        oomKills[id] = OOMCount(total: 0)
      }
    }
    lastTaken = taken
    return events
  }

  /// Whether what is known suffices to tell who owned what in `interval`: see
  /// ``Ownership/undecided``.
  public func isDecided(_ interval: Range<Timestamp>) -> Bool {
    lastTaken.map { interval.upperBound <= $0.lowerBound } ?? false
  }

  /// The time before which a running container's cgroup cannot have counted anything for it; nil
  /// where nothing is known of it.
  public func earliestBegin(of container: ContainerRecord) -> Timestamp? {
    container.cgroupID.flatMap { tenures[$0] }?
      .last { $0.container.id == container.id }?.earliestBegin
  }

  /// Whose counts those of `cgroupID` in `interval` are.
  public func owner(of cgroupID: UInt64, in interval: Range<Timestamp>) -> Ownership {
    guard isDecided(interval) else { return .undecided }
    let candidates = (tenures[cgroupID] ?? []).filter { $0.mayOverlap(interval) }
    guard let candidate = candidates.first else { return .nobody }
    guard candidates.count == 1 else { return .contested }
    return candidate.hadStarted(before: interval.upperBound)
      ? .container(candidate.container) : .nobody
  }

  /// Takes in what a running container's cgroup says of processes killed for want of memory, a
  /// total; returns the event if there are new ones. Of a container that was there before the first
  /// snapshot the first total is only a mark.
  public mutating func observe(
    oomKills total: UInt64, of containerID: String, at time: Timestamp
  ) -> LifecycleEvent? {
    guard let container = containers[containerID], container.state == .running else { return nil }
    guard let known = oomKills[containerID], total > known.total else {
      oomKills[containerID, default: OOMCount(total: total)].total = total
      return nil
    }
    oomKills[containerID] = OOMCount(total: total, wasCounted: true)
    return LifecycleEvent(
      kind: .oom, container: container, time: time, count: total - known.total)
  }

  private mutating func updateTenures(taken: ClosedRange<Timestamp>) {
    var owners: [UInt64: [ContainerRecord]] = [:]
    for container in containers.values where container.state == .running {
      if let id = container.cgroupID { owners[id, default: []].append(container) }
    }
    for id in Array(tenures.keys) where owners[id] == nil { end(id, keeping: [], taken: taken) }
    for (id, present) in owners {
      end(id, keeping: present, taken: taken)
      for container in present {
        let known = tenures[id]?.firstIndex {
          $0.latestEnd == nil && $0.container.id == container.id
        }
        if let known {
          tenures[id]?[known].container = container
          continue
        }
        let unseenSince = lastTaken?.lowerBound ?? .min
        tenures[id, default: []].append(
          Tenure(
            container: container,
            earliestBegin: min(unseenSince, container.startedAt ?? unseenSince)))
      }
    }
  }

  /// Ends the tenures of `id` whose containers are not in `present`, and forgets old ones.
  private mutating func end(
    _ id: UInt64, keeping present: [ContainerRecord], taken: ClosedRange<Timestamp>
  ) {
    guard var list = tenures[id] else { return }
    // The cgroup must have been gone before the one with the same id came.
    let known = Set(list.filter { $0.latestEnd == nil }.map(\.container.id))
    let nextStart = present.filter { !known.contains($0.id) }.compactMap(\.startedAt).max() ?? .max
    let lastSeen = lastTaken?.lowerBound ?? .min
    for index in list.indices where list[index].latestEnd == nil {
      let container = list[index].container.id
      if present.contains(where: { $0.id == container }) { continue }
      list[index].latestEnd = max(lastSeen, min(taken.upperBound, nextStart))
    }
    let (horizon, overflow) = taken.lowerBound.subtractingReportingOverflow(memory)
    list.removeAll { !overflow && $0.latestEnd.map { $0 < horizon } ?? false }
    tenures[id] = list.isEmpty ? nil : list
  }

  private func events(
    since previous: [String: ContainerRecord], noticed: Timestamp
  ) -> [LifecycleEvent] {
    var events: [LifecycleEvent] = []
    for container in containers.values {
      let before = previous[container.id]
      if before == nil {
        events.append(
          LifecycleEvent(
            kind: container.attempt > 0 ? .restart : .start, container: container,
            time: container.startedAt ?? noticed))
      }
      guard case .exited(let exit) = container.state, before?.state == .running || before == nil
      else { continue }
      let time = exit.finishedAt ?? noticed
      // The kernel's own count, where it was read, has told of it already.
      if exit.reason == "OOMKilled", oomKills[container.id]?.wasCounted != true {
        events.append(LifecycleEvent(kind: .oom, container: container, time: time))
      }
      events.append(
        LifecycleEvent(kind: .stop, container: container, time: time, exitCode: exit.code))
    }
    for (id, container) in previous where containers[id] == nil && container.state == .running {
      events.append(LifecycleEvent(kind: .stop, container: container, time: noticed))
    }
    return events.sorted { ($0.time, $0.container.id) < ($1.time, $1.container.id) }
  }
}

import Logging
import TimeSeries

/// Samples all containers of the node at once, at the end of each interval, and tells what each did
/// in it.
///
/// At a grid time (``SamplingGrid``) it reads the cgroup files of the containers it knows and asks
/// every probe for its totals. Beside that it asks the runtime which containers there are: when the
/// runtime says that something changed, and after each reading, because only what the runtime says
/// afterwards tells whose a cgroup was (``Roster``). So a runtime that is slow delays rows, never
/// readings; rows wait in order, within a bound.
///
/// It writes the measurements `container` (a row for each container and interval),
/// `container_events` and `collector` (its own cost, a row for each interval).
public actor Sampler {
  private let settings: SamplerSettings
  private let grid: SamplingGrid
  private let source: any RuntimeSource
  private let probes: [any KernelProbe]
  private let cgroups: any CgroupReader
  private let clock: any SamplingClock
  private let sink: any LineSink

  private var roster = Roster()
  private var last: Reading?
  private var pending: [SampledInterval] = []
  private var rows: RowWriter
  private var costs = CostRow()
  private var log: SamplerLog
  private let refresh = AsyncStream.makeStream(
    of: Void.self, bufferingPolicy: .bufferingNewest(1))
  private var whenDrained: CheckedContinuation<Void, Never>?

  /// What was read at one grid time.
  private struct Reading {
    var end: Timestamp
    var begun: Moment
    var completed: Moment
    var samples: [ContainerSample.Key: ContainerSample] = [:]
    /// In the order of the probes.
    var kernel: [KernelReading?]
    var usage: ProcessUsage
    /// Whether the runtime has told, since, which containers there were.
    var isSettled = false
  }

  public init(
    settings: SamplerSettings, source: any RuntimeSource, probes: [any KernelProbe],
    cgroups: any CgroupReader, sink: any LineSink, clock: any SamplingClock = SystemSamplingClock(),
    logger: Logger
  ) {
    self.settings = settings
    self.source = source
    self.probes = probes
    self.cgroups = cgroups
    self.sink = sink
    self.clock = clock
    grid = SamplingGrid(interval: settings.interval.nanoseconds)
    rows = RowWriter(node: settings.node, labels: settings.labels)
    log = SamplerLog(logger: logger)
  }

  /// Samples until the task is cancelled; then the rows of the last whole interval are written.
  public func run() async {
    refresh.continuation.yield()
    let runtime = Task { await followRuntime() }
    let changes = Task { await followChanges() }
    await followGrid()
    changes.cancel()
    await drain()
    refresh.continuation.finish()
    runtime.cancel()
  }

  private func followGrid() async {
    while true {
      let end = grid.end(after: clock.now.wall)
      do { try await sleep(until: end) } catch { return }
      let now = clock.now
      guard grid.isOnTime(now.wall, for: end) else { continue }
      // In a task of its own, so that what is begun is completed.
      await Task { await takeReading(at: end, begun: now) }.value
    }
  }

  /// Returns early where the clock was set back by more than an interval.
  private func sleep(until end: Timestamp) async throws {
    while true {
      let left = end - clock.now.wall
      guard left > 0, left <= grid.interval else { return }
      try await clock.sleep(for: .nanoseconds(left))
    }
  }

  /// Reads everything for the grid time `end`.
  func takeReading(at end: Timestamp, begun: Moment) async {
    let deadline = end + 2 * grid.tolerance
    async let answers = Self.read(probes, deadline: deadline, clock: clock)
    let samples = sampleContainers { _ in true }
    let (kernel, processes) = await answers
    let completed = clock.now
    let reading = Reading(
      end: end, begun: begun, completed: completed, samples: samples, kernel: kernel,
      usage: ProcessUsage.current(children: processes))
    if let last { append(from: last, to: reading) } else { costs.usage = reading.usage }
    last = reading
    refresh.continuation.yield()
    flush()
    for probe in probes { log.note(missing: await probe.missing(), of: probe.name) }
  }

  /// Totals that come after `deadline` would be those of the next interval.
  private static func read(
    _ probes: [any KernelProbe], deadline: Timestamp, clock: any SamplingClock
  ) async -> (readings: [KernelReading?], processes: [Int32]) {
    await withTaskGroup(of: (Int, KernelReading?, Int32?).self) { group in
      for (index, probe) in probes.enumerated() {
        group.addTask {
          let reading = await probe.read()
          return (index, clock.now.wall <= deadline ? reading : nil, await probe.processID)
        }
      }
      var readings = [KernelReading?](repeating: nil, count: probes.count)
      var processes: [Int32] = []
      for await (index, reading, process) in group {
        readings[index] = reading
        if let process { processes.append(process) }
      }
      return (readings, processes)
    }
  }

  private func sampleContainers(
    where isWanted: (ContainerRecord) -> Bool
  ) -> [ContainerSample.Key: ContainerSample] {
    var samples: [ContainerSample.Key: ContainerSample] = [:]
    var events: [LifecycleEvent] = []
    for container in roster.containers.values where container.state == .running {
      guard isWanted(container), let sample = cgroups.sample(of: container) else { continue }
      samples[ContainerSample.Key(container)] = ContainerSample(
        container: container, sample: sample)
      if let kills = sample.readings.oomKills,
        let event = roster.observe(oomKills: kills, of: container.id, at: clock.now.wall)
      {
        events.append(event)
      }
    }
    rows.append(events)
    return samples
  }

  private func append(from earlier: Reading, to later: Reading) {
    let steps = grid.intervals(
      from: (earlier.end, earlier.begun), to: (later.end, later.begun))
    guard steps == 1 else {
      costs.gaps += steps ?? 1
      log.noteMissed(intervals: steps)
      // What was to be decided by a time that the clock has gone back from never would be.
      if later.end <= earlier.end { giveUp(pending.count) }
      return
    }
    var counts = KernelCounts()
    for (before, after) in zip(earlier.kernel, later.kernel) { counts.add(from: before, to: after) }
    let begun = earlier.begun.wall
    // What happens at the very moment of the completion may be counted still.
    let completed = max(begun, later.begun.wall, later.completed.wall)
    pending.append(
      SampledInterval(
        start: earlier.end, end: later.end,
        span: begun..<completed + 1, before: earlier.samples,
        after: later.samples, counts: counts, usage: later.usage,
        lag: later.completed.wall - later.end))
    giveUp(pending.count - max(1, settings.pendingIntervals))
  }

  private func giveUp(_ count: Int) {
    guard count > 0 else { return }
    pending.removeFirst(count)
    costs.gaps += count
    log.noteGivenUp(intervals: count)
  }

  private func followChanges() async {
    guard let changes = source.changes() else { return }
    for await _ in changes {
      refresh.continuation.yield()
      // Where many containers come at once, they are told of together.
      guard (try? await clock.sleep(for: .milliseconds(100))) != nil else { return }
    }
  }

  private func followRuntime() async {
    for await _ in refresh.stream { await takeSnapshot() }
  }

  /// Asks the runtime once, and writes the rows that can be written then.
  func takeSnapshot() async {
    let before = clock.now.wall
    do {
      let snapshot = try await source.snapshot()
      let after = max(before, clock.now.wall)
      let statistics = await sink.currentStatistics()
      log.note(leftOut: snapshot.leftOut, by: source.name)
      log.note(unknownCgroups: snapshot.unknownCgroups)
      take(snapshot, taken: before...after, statistics: statistics)
    } catch {
      costs.snapshotFailures += 1
      log.noteFailure("\(error)", of: source.name)
    }
  }

  private func take(
    _ snapshot: RuntimeSnapshot, taken: ClosedRange<Timestamp>, statistics: SenderStatistics?
  ) {
    rows.append(roster.update(snapshot, taken: taken))
    readNewContainers(taken: taken)
    while let interval = pending.first, roster.isDecided(interval.span) {
      pending.removeFirst()
      let attribution = Attribution(interval, roster: roster)
      let containers = rows.append(attribution.rows, start: interval.start)
      rows.append(
        collector: costs.fields(of: interval, attribution, containers: containers, statistics),
        start: interval.start)
    }
    flush()
    if pending.isEmpty { whenDrained.take()?.resume() }
  }

  /// Reads the containers that were there at the last grid time but that nobody had told of yet.
  private func readNewContainers(taken: ClosedRange<Timestamp>) {
    guard let reading = last, !reading.isSettled, taken.lowerBound >= reading.completed.wall else {
      return
    }
    last?.isSettled = true
    guard clock.now.wall - reading.end <= 2 * grid.tolerance else { return }
    let found = sampleContainers { container in
      reading.samples[ContainerSample.Key(container)] == nil
        && container.startedAt.map { $0 < reading.end } ?? true
    }
    last?.samples.merge(found) { $1 }
    if let newest = pending.indices.last, pending[newest].end == reading.end {
      pending[newest].after.merge(found) { $1 }
    }
  }

  private func flush() {
    let lines = rows.take()
    if !lines.isEmpty { sink.add(lines) }
    log.note(unwritable: rows.takeProblems())
  }

  /// Waits until the runtime has told of the last intervals, or too long.
  private func drain() async {
    if !pending.isEmpty {
      refresh.continuation.yield()
      let clock = clock
      let wait = settings.finalWait
      let watchdog = Task {
        if (try? await clock.sleep(for: wait)) != nil { self.stopDraining() }
      }
      await withCheckedContinuation { whenDrained = $0 }
      watchdog.cancel()
    }
    giveUp(pending.count)
  }

  private func stopDraining() { whenDrained.take()?.resume() }
}

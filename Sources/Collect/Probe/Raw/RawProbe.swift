import CLinux
import Foundation

/// Counts `sys_calls`, `mmap_calls`, `file_access` and `page_faults` by cgroup, for a fraction of
/// what it costs with bpftrace, whose tracepoints take the way of perf events and whose maps write
/// a value by copying it (docs/collecting.md has the figures). Page faults cost nothing as they
/// happen.
public actor RawProbe: KernelProbe {
  public nonisolated let name = "raw tracepoints"
  /// What it counts: all but the page faults in any case.
  public nonisolated let parameters: Set<Parameter>
  /// Why it does not count the page faults; nil if it does.
  public nonisolated let pageFaultsRefused: BPFError?

  /// Readings without an event after which a cgroup is looked for.
  private static let idleReadings = 60

  private var counters: RawCounters?
  private var pageFaults: PageFaultCounter?
  /// Why the last reading was without page faults.
  private var pageFaultsMissing: BPFError?
  /// A descriptor of the cgroup v2 hierarchy; below zero where there is none.
  private let hierarchy: Int32
  private var last: [UInt64: (total: UInt64, unchanged: Int)] = [:]

  /// Attaches to the kernel's raw tracepoints.
  ///
  /// - Parameter hierarchy: where cgroup v2 is mounted: it tells which cgroups are gone. Without it
  ///   they keep their room.
  /// - Throws: ``BPFError``: not permitted, or a kernel older than 5.5.
  public init(hierarchy: String?) throws(BPFError) {
    try self.init(hierarchy: hierarchy, types: KernelTypes.runningKernel)
  }

  /// As by ``init(hierarchy:)``.
  ///
  /// - Parameters:
  ///   - types: the path of the kernel's description of its types.
  ///   - slotBits: the binary logarithm of how many cgroups have a slot of the array.
  ///   - hashEntries: how many more there may be.
  init(
    hierarchy: String?, types: String = KernelTypes.runningKernel, slotBits: Int = 10,
    hashEntries: UInt32 = 4096
  ) throws(BPFError) {
    let counters = try RawCounters(slotBits: slotBits, hashEntries: hashEntries)
    var parameters = Set(SystemCallProgram.parameters.map(\.parameter))
    do {
      pageFaults = try PageFaultCounter(countingIn: counters.slots, types: types)
      parameters.insert(.pageFaults)
      pageFaultsRefused = nil
    } catch {
      pageFaultsRefused = error
    }
    self.parameters = parameters
    self.counters = counters
    self.hierarchy = hierarchy.map { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } ?? -1
  }

  deinit { if hierarchy >= 0 { close(hierarchy) } }

  public func read() -> KernelReading? {
    guard let counters else { return nil }
    var words = SystemCallProgram.parameters
    if let pageFaults {
      do {
        try pageFaults.lookAtTasks()
        words.append((CounterSlots.Word.pageFaults, .pageFaults))
        pageFaultsMissing = nil
      } catch {
        pageFaultsMissing = error
      }
    }
    let counts = counters.counts()
    var reading = KernelReading(run: 1, lostEvents: counters.lost())
    for (word, parameter) in words {
      reading.totals[parameter] = counts.compactMapValues { $0[word] == 0 ? nil : $0[word] }
    }
    forgetIdle(counts, counters)
    return reading
  }

  public func missing() -> [Parameter: String] {
    pageFaultsMissing.map { [.pageFaults: $0.description] } ?? [:]
  }

  public func stop() {
    counters = nil
    pageFaults = nil
  }

  /// Cgroups come and go, and have to leave room for others.
  private func forgetIdle(_ counts: RawCounters.Counts, _ counters: RawCounters) {
    var seen: [UInt64: (total: UInt64, unchanged: Int)] = [:]
    for (id, words) in counts {
      let total = words[CounterSlots.Word.systemCalls]
      let isUnchanged = last[id]?.total == total
      var unchanged = isUnchanged ? (last[id]?.unchanged ?? 0) + 1 : 0
      if unchanged >= Self.idleReadings {
        unchanged = 0
        if hierarchy >= 0, vigil_cgroup_exists(hierarchy, id) == 0 {
          counters.forget(id)
          continue
        }
      }
      seen[id] = (total, unchanged)
    }
    last = seen
  }
}

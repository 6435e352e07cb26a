import Foundation

/// What the collector itself used by some moment: processor time since it was started, and memory.
struct ProcessUsage: Sendable, Hashable {
  var cpuNanoseconds: UInt64 = 0
  var memoryBytes: UInt64 = 0

  /// Of this process and of its children: those that have ended, and those named. What bpf programs
  /// cost the processes in which they run is not in here.
  static func current(children: [Int32]) -> ProcessUsage {
    var usage = ProcessUsage()
    for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
      var counted = rusage()
      guard getrusage(__rusage_who_t(who.rawValue), &counted) == 0 else { continue }
      for time in [counted.ru_utime, counted.ru_stime] {
        usage.cpuNanoseconds.addClamped(
          UInt64(clamping: time.tv_sec * 1_000_000_000 + Int(time.tv_usec) * 1000))
      }
    }
    let own = ProcessStat(of: getpid())
    usage.memoryBytes = own?.memoryBytes ?? 0
    for child in children.compactMap(ProcessStat.init(of:)) {
      usage.cpuNanoseconds.addClamped(child.cpuNanoseconds)
      usage.memoryBytes.addClamped(child.memoryBytes)
    }
    return usage
  }
}

/// `/proc/PID/stat` (proc_pid_stat(5)), as far as it is read here.
struct ProcessStat: Hashable {
  /// User and system time, in steps of a clock tick (10 ms), of children that have ended as well.
  var cpuNanoseconds: UInt64 = 0
  var memoryBytes: UInt64 = 0

  init?(of pid: Int32) {
    guard let text = PseudoFile.text("/proc/\(pid)/stat") else { return nil }
    self.init(
      text, ticksPerSecond: UInt64(clamping: sysconf(Int32(_SC_CLK_TCK))),
      pageSize: UInt64(clamping: sysconf(Int32(_SC_PAGESIZE))))
  }

  init?(_ text: Substring, ticksPerSecond: UInt64, pageSize: UInt64) {
    // The second field, the name, may hold blanks and brackets. The state, the third, is 0 here.
    guard let nameEnd = text.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
    let fields = text[text.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 21 else { return nil }
    var ticks: UInt64 = 0
    for field in fields[11...14] {
      guard let value = UInt64(field) else { return nil }
      ticks.addClamped(value)
    }
    guard let pages = UInt64(fields[21]) else { return nil }
    let time = ticks.multipliedReportingOverflow(by: 1_000_000_000 / ticksPerSecond)
    let memory = pages.multipliedReportingOverflow(by: pageSize)
    guard !time.overflow, !memory.overflow else { return nil }
    cpuNanoseconds = time.partialValue
    memoryBytes = memory.partialValue
  }
}

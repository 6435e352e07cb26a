/// What the files of one cgroup say at one moment; nil for what cannot be read.
public struct CgroupReadings: Sendable, Hashable {
  /// Nanoseconds of processor time since the cgroup was made, all processors together: `usage_usec`
  /// of `cpu.stat` (v2, in microseconds), `cpuacct.usage` (v1).
  public var cpuNanoseconds: UInt64?
  /// Bytes in use, page cache included: `memory.current` (v2), `memory.usage_in_bytes` (v1).
  public var memoryBytes: UInt64?
  /// Processes that the kernel killed for want of memory since the cgroup was made: `oom_kill` of
  /// `memory.events` (v2) or of `memory.oom_control` (v1).
  public var oomKills: UInt64?

  public init(cpuNanoseconds: UInt64? = nil, memoryBytes: UInt64? = nil, oomKills: UInt64? = nil) {
    self.cpuNanoseconds = cpuNanoseconds
    self.memoryBytes = memoryBytes
    self.oomKills = oomKills
  }

  /// Reads the files of the cgroup at `path`, which counts from the hierarchy's root.
  public init(of path: String, in hierarchies: CgroupHierarchies) {
    switch hierarchies.directory(of: path, controller: "cpuacct") {
    case (.v1, let directory)?:
      cpuNanoseconds = PseudoFile.text(directory + "/cpuacct.usage").flatMap(Self.number)
    case (.v2, let directory)?:
      // Multiplying may overflow only where the file is nonsense: 2^64 ns are 584 years.
      cpuNanoseconds = PseudoFile.text(directory + "/cpu.stat")
        .flatMap { Self.value(of: "usage_usec", in: $0) }
        .map { $0.multipliedReportingOverflow(by: 1000) }
        .flatMap { $0.overflow ? nil : $0.partialValue }
    case nil: break
    }
    switch hierarchies.directory(of: path, controller: "memory") {
    case (.v1, let directory)?:
      memoryBytes = PseudoFile.text(directory + "/memory.usage_in_bytes").flatMap(Self.number)
      oomKills = PseudoFile.text(directory + "/memory.oom_control")
        .flatMap { Self.value(of: "oom_kill", in: $0) }
    case (.v2, let directory)?:
      memoryBytes = PseudoFile.text(directory + "/memory.current").flatMap(Self.number)
      oomKills = PseudoFile.text(directory + "/memory.events")
        .flatMap { Self.value(of: "oom_kill", in: $0) }
    case nil: break
    }
  }

  /// The parameter `cpu_usage`: nanoseconds of processor time between two readings of a cgroup, so
  /// that it adds up over time as counts do. (Divided by the interval in microseconds it is
  /// millicores.) Nil where either is unknown, or where the counter went back, as that is another
  /// cgroup at the same path.
  public func cpuUsage(since earlier: CgroupReadings) -> UInt64? {
    Self.difference(cpuNanoseconds, earlier.cpuNanoseconds)
  }

  public func oomKills(since earlier: CgroupReadings) -> UInt64? {
    Self.difference(oomKills, earlier.oomKills)
  }

  private static func difference(_ later: UInt64?, _ earlier: UInt64?) -> UInt64? {
    guard let later, let earlier, later >= earlier else { return nil }
    return later - earlier
  }

  private static func number(_ text: Substring) -> UInt64? { UInt64(text) }

  /// The number after `key` in lines of keys and numbers.
  private static func value(of key: String, in text: Substring) -> UInt64? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == key { return UInt64(words[1]) }
    }
    return nil
  }
}

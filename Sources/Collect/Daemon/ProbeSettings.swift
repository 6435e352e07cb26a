import Logging

/// What counts in the kernel.
public struct ProbeSettings: Sendable, Hashable {
  /// What counts `sys_calls`, `mmap_calls` and `file_access`.
  public enum SystemCalls: String, Sendable, Hashable, CaseIterable {
    /// A program on the kernel's raw tracepoint, or bpftrace where that cannot be attached.
    case raw
    /// bpftrace in any case: three times the cost.
    case bpftrace
  }

  public var systemCalls = SystemCalls.raw
  /// The path of bpftrace, or its name.
  public var bpftrace = "bpftrace"
  /// The directory of the bpftrace programs; nil for the one that belongs to this executable.
  public var programs: String?

  public init() {}

  /// Starts the probes. Each parameter is counted by one of them.
  func start(hierarchies: CgroupHierarchies, logger: Logger) async -> [any KernelProbe] {
    var probes: [any KernelProbe] = []
    var settings = BpftraceSettings()
    settings.executable = bpftrace
    settings.programs = programs
    if systemCalls == .raw {
      do {
        probes.append(try SystemCallProbe(hierarchy: hierarchies.unified?.directory))
        settings.parameters.subtract(SystemCallProbe.parameters)
      } catch {
        logger.warning(
          "bpftrace is to count system calls as well, which costs more",
          metadata: ["reason": "\(error)"])
      }
    }
    let probe = BpftraceProbe(settings: settings, logger: logger)
    await probe.start()
    probes.append(probe)
    return probes
  }
}

import Logging

/// What counts in the kernel.
public struct ProbeSettings: Sendable, Hashable {
  /// What counts `sys_calls`, `mmap_calls`, `file_access` and `page_faults`.
  public enum HotEvents: String, Sendable, Hashable, CaseIterable {
    /// Programs of our own, or bpftrace where the kernel does not take them.
    case raw
    /// bpftrace in any case, which costs several times as much.
    case bpftrace
  }

  public var hotEvents = HotEvents.raw
  /// The path of bpftrace, or its name.
  public var bpftrace = "bpftrace"
  /// The directory of the bpftrace programs; nil for the one that belongs to this executable.
  public var programs: String?
  /// The path of the kernel's description of its types.
  var kernelTypes = KernelTypes.runningKernel

  public init() {}

  /// Starts the probes. Each parameter is counted by one of them.
  func start(hierarchies: CgroupHierarchies, logger: Logger) async -> [any KernelProbe] {
    var probes: [any KernelProbe] = []
    var settings = BpftraceSettings()
    settings.executable = bpftrace
    settings.programs = programs
    if hotEvents == .raw {
      do {
        let probe = try RawProbe(
          hierarchy: hierarchies.unified?.directory, types: kernelTypes)
        probes.append(probe)
        settings.parameters.subtract(probe.parameters)
        if let reason = probe.pageFaultsRefused {
          logger.notice(
            "bpftrace is to count page faults as well, which costs more",
            metadata: ["reason": "\(reason)"])
        }
      } catch {
        logger.warning(
          "bpftrace is to count system calls and page faults as well, which costs more",
          metadata: ["reason": "\(error)"])
      }
    }
    let probe = BpftraceProbe(settings: settings, logger: logger)
    await probe.start()
    probes.append(probe)
    return probes
  }
}

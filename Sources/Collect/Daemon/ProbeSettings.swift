import Logging

/// What counts in the kernel.
public struct ProbeSettings: Sendable, Hashable {
  /// The path of bpftrace, or its name.
  public var bpftrace = "bpftrace"
  /// The directory of the bpftrace programs; nil for the one that belongs to this executable.
  public var programs: String?

  public init() {}

  /// Starts the probes. Each parameter is counted by one of them.
  func start(logger: Logger) async -> [any KernelProbe] {
    var settings = BpftraceSettings()
    settings.executable = bpftrace
    settings.programs = programs
    let probe = BpftraceProbe(settings: settings, logger: logger)
    await probe.start()
    return [probe]
  }
}

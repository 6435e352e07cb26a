/// Counts events in the kernel by cgroup.
public protocol KernelProbe: Sendable {
  /// For logs and error messages.
  var name: String { get }

  /// What has been counted by now.
  ///
  /// Never waits long: a probe that cannot tell within a part of a second (its process is gone, or
  /// comes up) returns nil, and is asked again at the end of the next interval.
  func read() async -> KernelReading?

  /// Why parameters that this probe should count are not counted, in words; as of now.
  func missing() async -> [Parameter: String]

  /// The process that counts, if it is one of its own: what it uses is the collector's cost.
  var processID: Int32? { get async }

  /// Takes the probe's programs out of the kernel.
  func stop() async
}

extension KernelProbe {
  public var processID: Int32? { get async { nil } }
}

/// Totals of one moment.
public struct KernelReading: Sendable, Hashable {
  /// Totals can be compared only with totals of the same run: a new one begins at zero, and what
  /// happened between two runs was not counted.
  public var run: UInt64
  /// By parameter and then by cgroup id (``ContainerRecord/cgroupID``), since the beginning of the
  /// run. A parameter that is not counted is not there; a cgroup of which nothing was counted is
  /// not there.
  public var totals: [Parameter: [UInt64: UInt64]]
  /// Events that were lost, or may have been, since the beginning of the run, all cgroups together.
  public var lostEvents: UInt64

  public init(run: UInt64, totals: [Parameter: [UInt64: UInt64]] = [:], lostEvents: UInt64 = 0) {
    self.run = run
    self.totals = totals
    self.lostEvents = lostEvents
  }
}

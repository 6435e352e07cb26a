/// What is told of a container in an interval: the parameters of the paper's Table I (de Silva et
/// al., "Anomaly Detection in Microservice Systems Using Autoencoders"). The raw values are the
/// names of the fields.
public enum Parameter: String, Sendable, Hashable, CaseIterable {
  /// Nanoseconds of processor time in the interval, all processors together.
  case cpuUsage = "cpu_usage"
  /// Bytes in use at the interval's end.
  case memoryUsage = "memory_usage"
  /// System calls entered.
  case systemCalls = "sys_calls"
  /// Calls of mmap.
  case mmapCalls = "mmap_calls"
  /// Page faults in user mode.
  case pageFaults = "page_faults"
  /// Requests issued to block devices.
  case blockRequests = "block_req"
  /// Calls of open, openat and openat2.
  case fileAccess = "file_access"
  /// Forks, execs and exits of processes and threads.
  case processLifecycleEvents = "pl_events"
}

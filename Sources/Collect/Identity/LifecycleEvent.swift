import TimeSeries

/// Something that happened to a container.
public struct LifecycleEvent: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    case start
    /// The start of a container that takes the place of an earlier one in its pod.
    case restart
    case stop
    /// The kernel killed processes of the container for want of memory.
    case oom
  }

  public var kind: Kind
  public var container: ContainerRecord
  /// When it happened as the runtime says, else when it was noticed.
  public var time: Timestamp
  /// How many processes were killed, for `oom`; else 1.
  public var count: UInt64
  /// Of a stop, where the runtime told.
  public var exitCode: Int32?

  public init(
    kind: Kind, container: ContainerRecord, time: Timestamp, count: UInt64 = 1,
    exitCode: Int32? = nil
  ) {
    self.kind = kind
    self.container = container
    self.time = time
    self.count = count
    self.exitCode = exitCode
  }
}

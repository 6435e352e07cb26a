import TimeSeries

/// One container as its runtime tells of it: who it is, whose pod it is in, and where the kernel
/// counts what it does.
///
/// A runtime that does not know a text (a cgroup path tells no namespace) leaves it empty.
public struct ContainerRecord: Sendable, Hashable, Identifiable {
  /// The runtime's id of the container: 64 hexadecimal digits, a new one at each restart.
  public var id: String
  public var name: String
  /// The runtime's id of the pod's sandbox.
  public var podID: String
  /// Kubernetes' id of the pod, which outlives its sandbox.
  public var podUID: String
  public var pod: String
  public var namespace: String
  public var image: String
  public var node: String
  /// How often the container was restarted in its pod.
  public var attempt: UInt32
  /// The first process, in the host's numbers; nil once it is gone.
  public var pid: Int32?
  /// From the root of the hierarchy, beginning with a slash.
  public var cgroupPath: String
  /// The inode of the cgroup v2 directory, which is what `cgroup` says in a bpf program; nil while
  /// there is no such directory.
  public var cgroupID: UInt64?
  public var startedAt: Timestamp?
  /// The pod's labels and the container's own, which win.
  public var labels: [String: String]
  public var state: State

  public enum State: Sendable, Hashable {
    case running
    case exited(Exit)
  }

  public struct Exit: Sendable, Hashable {
    public var code: Int32?
    /// A word of the runtime's, such as `Completed`, `Error` or `OOMKilled`; may be empty.
    public var reason: String
    public var finishedAt: Timestamp?

    public init(code: Int32? = nil, reason: String = "", finishedAt: Timestamp? = nil) {
      self.code = code
      self.reason = reason
      self.finishedAt = finishedAt
    }
  }

  public init(
    id: String, name: String, podID: String = "", podUID: String = "", pod: String = "",
    namespace: String = "", image: String = "", node: String = "", attempt: UInt32 = 0,
    pid: Int32? = nil, cgroupPath: String, cgroupID: UInt64? = nil, startedAt: Timestamp? = nil,
    labels: [String: String] = [:], state: State = .running
  ) {
    self.id = id
    self.name = name
    self.podID = podID
    self.podUID = podUID
    self.pod = pod
    self.namespace = namespace
    self.image = image
    self.node = node
    self.attempt = attempt
    self.pid = pid
    self.cgroupPath = cgroupPath
    self.cgroupID = cgroupID
    self.startedAt = startedAt
    self.labels = labels
    self.state = state
  }
}

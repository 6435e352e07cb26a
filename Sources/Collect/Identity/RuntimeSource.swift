/// Where the collector learns which containers there are.
public protocol RuntimeSource: Sendable {
  /// For logs and error messages.
  var name: String { get }

  /// The containers that run, and those that have exited and that the runtime still remembers.
  func snapshot() async throws -> RuntimeSnapshot

  /// A tick whenever the runtime says that something happened; nil where polling must do.
  func changes() -> AsyncStream<Void>?
}

extension RuntimeSource {
  public func changes() -> AsyncStream<Void>? { nil }
}

public struct RuntimeSnapshot: Sendable, Hashable {
  public var containers: [ContainerRecord]
  /// What the runtime told too little of: one container that cannot be read hides no other.
  public var leftOut: [LeftOut]
  /// How many containers are created and have not started yet. They are not among ``containers``.
  public var awaited: Int
  /// Paths of cgroups of which it is not known whose they are, ids in them written as `<id>`.
  public var unknownCgroups: Set<String>

  public struct LeftOut: Sendable, Hashable {
    /// Empty where not even that could be read.
    public var id: String
    public var reason: String

    public init(id: String, reason: String) {
      self.id = id
      self.reason = reason
    }
  }

  public init(
    containers: [ContainerRecord] = [], leftOut: [LeftOut] = [], awaited: Int = 0,
    unknownCgroups: Set<String> = []
  ) {
    self.containers = containers
    self.leftOut = leftOut
    self.awaited = awaited
    self.unknownCgroups = unknownCgroups
  }
}

import TimeSeries

/// Joins a runtime's lists with the statuses of single containers, and remembers those: a container
/// is asked about when it is new or its listed state has changed; what else was learnt of it stays
/// true as long as it lives.
struct RuntimeMemory: Sendable {
  private let node: String
  private let cgroupID: @Sendable (String) -> UInt64?
  private var known: [String: (listed: RuntimeListing.State, status: RuntimeListing.Status)] = [:]

  /// - Parameter cgroupID: the inode of the cgroup v2 directory at a path from the hierarchy's root.
  init(node: String, cgroupID: @escaping @Sendable (String) -> UInt64?) {
    self.node = node
    self.cgroupID = cgroupID
  }

  /// The ids of the containers whose statuses ``snapshot(of:asked:)`` needs.
  func unknown(in listing: RuntimeListing) -> [String] {
    var ids: [String] = []
    var seen: Set<String> = []
    for container in listing.containers.lazy.compactMap({ $0 })
    where Self.isWanted(container) && Self.isID(container.id)
      && known[container.id]?.listed != container.state
    {
      if seen.insert(container.id).inserted { ids.append(container.id) }
    }
    return ids
  }

  /// The containers that run or have exited. One that is told too little of is left out.
  ///
  /// - Parameter asked: what was answered about the containers that ``unknown(in:)`` named.
  mutating func snapshot(
    of listing: RuntimeListing, asked: [String: Result<RuntimeListing.Status, any Error>]
  ) -> RuntimeSnapshot {
    let pods = Dictionary(
      listing.pods.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var snapshot = RuntimeSnapshot()
    var present: Set<String> = []
    for element in listing.containers {
      guard let container = element else {
        snapshot.leftOut.append(.init(id: "", reason: "an element of the list is no container"))
        continue
      }
      if container.state == .created { snapshot.awaited += 1 }
      guard Self.isWanted(container) else { continue }
      guard Self.isID(container.id) else {
        snapshot.leftOut.append(.init(id: container.id, reason: "not a container's id"))
        continue
      }
      guard present.insert(container.id).inserted else { continue }
      do {
        let status = try status(of: container, asked: asked)
        snapshot.containers.append(
          try record(of: container, in: pods[container.podID], status: status))
      } catch {
        snapshot.leftOut.append(.init(id: container.id, reason: "\(error)"))
      }
    }
    known = known.filter { present.contains($0.key) }
    return snapshot
  }

  private struct Incomplete: Error, CustomStringConvertible {
    var description: String
  }

  /// One that is only created has no process yet.
  private static func isWanted(_ container: RuntimeListing.Container) -> Bool {
    container.state == .running || container.state == .exited
  }

  /// An id may become an argument, where a dash would make it an option.
  private static func isID(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }

  private mutating func status(
    of container: RuntimeListing.Container,
    asked: [String: Result<RuntimeListing.Status, any Error>]
  ) throws -> RuntimeListing.Status {
    guard let answer = asked[container.id] else {
      guard let known = known[container.id] else { throw Incomplete(description: "not asked") }
      return known.status
    }
    let status = try answer.get()
    // One that changed in between, or that tells too little, is asked again next time.
    if status.state == container.state, status.cgroupsPath != nil {
      known[container.id] = (container.state, status)
    }
    return status
  }

  private func record(
    of container: RuntimeListing.Container, in pod: RuntimeListing.Pod?,
    status: RuntimeListing.Status
  ) throws -> ContainerRecord {
    guard let pod else {
      throw Incomplete(description: "its pod \(container.podID) is not listed")
    }
    guard let cgroupsPath = status.cgroupsPath else {
      throw Incomplete(description: "its status tells no cgroupsPath")
    }
    guard let cgroupPath = SystemdCgroupPath.expanded(cgroupsPath) else {
      throw Incomplete(description: "no cgroup path: \(cgroupsPath)")
    }
    let state: ContainerRecord.State
    let pid: Int32?
    switch status.state {
    case .running:
      pid = status.pid.flatMap { $0 > 0 ? $0 : nil }
      guard pid != nil else { throw Incomplete(description: "its status tells no pid") }
      state = .running
    case .exited:
      pid = nil
      state = .exited(
        .init(
          code: status.exitCode, reason: status.reason, finishedAt: Self.time(status.finishedAt)))
    case .created: throw Incomplete(description: "its state is created")
    case .other(let word): throw Incomplete(description: "its state is \(word)")
    }
    return ContainerRecord(
      id: container.id, name: container.name, podID: pod.id, podUID: pod.uid, pod: pod.name,
      namespace: pod.namespace, image: status.image.isEmpty ? container.image : status.image,
      node: node, attempt: container.attempt, pid: pid, cgroupPath: cgroupPath,
      cgroupID: state == .running ? cgroupID(cgroupPath) : nil,
      startedAt: Self.time(status.startedAt),
      labels: pod.labels.merging(container.labels) { _, own in own }, state: state)
  }

  private static func time(_ time: Timestamp?) -> Timestamp? {
    time.flatMap { $0 > 0 && TimestampBounds.contains($0) ? $0 : nil }
  }
}

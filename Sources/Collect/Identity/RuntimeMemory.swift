import TimeSeries

/// Joins a runtime's lists with the statuses of single containers, and remembers those: a container
/// is asked about when it is new or its listed state has changed; what else was learnt of it stays
/// true as long as it lives.
struct RuntimeMemory: Sendable {
  private let node: String
  private let cgroupID: @Sendable (String) -> UInt64?
  private let cgroupsOfProcess: @Sendable (Int32) -> String?
  private var known: [String: (listed: RuntimeListing.State, status: RuntimeListing.Status)] = [:]

  /// - Parameters:
  ///   - cgroupID: the inode of the cgroup v2 directory at a path from the hierarchy's root.
  ///   - cgroupsOfProcess: the text of `/proc/PID/cgroup`; nil where there is no such process.
  init(
    node: String, cgroupID: @escaping @Sendable (String) -> UInt64?,
    cgroupsOfProcess: @escaping @Sendable (Int32) -> String? = { _ in nil }
  ) {
    self.node = node
    self.cgroupID = cgroupID
    self.cgroupsOfProcess = cgroupsOfProcess
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
          try record(
            of: container, in: pods[container.podID], status: status,
            unknownCgroups: &snapshot.unknownCgroups))
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
    status: RuntimeListing.Status, unknownCgroups: inout Set<String>
  ) throws -> ContainerRecord {
    guard let pod else {
      throw Incomplete(description: "its pod \(container.podID) is not listed")
    }
    guard let cgroupsPath = status.cgroupsPath else {
      throw Incomplete(description: "its status tells no cgroupsPath")
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
    let cgroup = cgroup(
      of: container.id, configured: cgroupsPath, pid: pid, unknownCgroups: &unknownCgroups)
    guard let cgroup else { throw Incomplete(description: "no cgroup path: \(cgroupsPath)") }
    return ContainerRecord(
      id: container.id, name: container.name, podID: pod.id, podUID: pod.uid, pod: pod.name,
      namespace: pod.namespace, image: status.image.isEmpty ? container.image : status.image,
      node: node, attempt: container.attempt, pid: pid, cgroupPath: cgroup.path,
      cgroupID: cgroup.id,
      startedAt: Self.time(status.startedAt),
      labels: pod.labels.merging(container.labels) { _, own in own }, state: state)
  }

  /// Where a container's cgroup is: where its configuration says, and if there is none, where its first
  /// process says. A process of another pid namespace may have the same number; it is not in a cgroup
  /// with the container's id.
  ///
  /// - Parameter pid: nil for a container that does not run; its cgroup is gone.
  private func cgroup(
    of container: String, configured: String, pid: Int32?, unknownCgroups: inout Set<String>
  ) -> (path: String, id: UInt64?)? {
    let expected = SystemdCgroupPath.expanded(configured)
    guard let pid else { return expected.map { ($0, nil) } }
    if let expected, let id = cgroupID(expected) { return (expected, id) }
    guard let text = cgroupsOfProcess(pid) else { return expected.map { ($0, nil) } }
    let cgroups = ProcessCgroups(text: text)
    if let actual = cgroups.path(ofContainer: container) { return (actual, cgroupID(actual)) }
    if unknownCgroups.count < Self.maximumUnknown {
      unknownCgroups.insert(CgroupName.layout(of: cgroups.paths.first ?? configured))
    }
    return expected.map { ($0, nil) }
  }

  private static let maximumUnknown = 100

  private static func time(_ time: Timestamp?) -> Timestamp? {
    time.flatMap { $0 > 0 && TimestampBounds.contains($0) ? $0 : nil }
  }
}

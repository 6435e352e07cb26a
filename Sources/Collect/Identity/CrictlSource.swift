import Foundation
import TimeSeries

/// The containers as the `crictl` command prints them.
///
/// A snapshot runs `crictl pods`, `crictl ps -a`, and `crictl inspect` for each container that is
/// new or whose state has changed; what else was learnt of a container stays true as long as it
/// lives. Pods are listed before containers, so that a container whose pod is missing is one whose
/// pod came in between; the next snapshot has both.
public actor CrictlSource: RuntimeSource {
  public enum Failure: Error, Hashable, CustomStringConvertible {
    /// The command could not be run or failed.
    case command(String)
    /// The runtime does not answer.
    case timedOut(String)
    /// What it printed is not the JSON that it should be.
    case malformed(command: String, reason: String)

    var isTimeout: Bool {
      if case .timedOut = self { true } else { false }
    }

    public var description: String {
      switch self {
      case .command(let reason), .timedOut(let reason): reason
      case .malformed(let command, let reason): "\(command): unexpected output: \(reason)"
      }
    }
  }

  public nonisolated let name: String
  private let command: Command
  private let endpoint: [String]
  private let node: String
  private let cgroupID: @Sendable (String) -> UInt64?
  /// What `inspect` said, by the container's id, with the state that `ps` named then.
  private var known: [String: (state: String, inspection: CrictlOutput.Inspection)] = [:]

  /// - Parameters:
  ///   - path: the path of `crictl`.
  ///   - endpoint: the runtime's socket, such as `unix:///run/containerd/containerd.sock`; nil for
  ///     what crictl's own configuration says.
  ///   - timeout: how long each run may take.
  ///   - cgroupID: the inode of the cgroup v2 directory at a path from the hierarchy's root.
  public init(
    path: String, endpoint: String? = nil, node: String, timeout: Duration = .seconds(10),
    cgroupID: @escaping @Sendable (String) -> UInt64?
  ) {
    name = "crictl"
    command = Command(executable: path, timeout: timeout)
    self.endpoint = endpoint.map { ["--runtime-endpoint", $0] } ?? []
    self.node = node
    self.cgroupID = cgroupID
  }

  /// Throws ``Failure`` where a list cannot be had or the runtime does not answer; a container that
  /// cannot be inspected is left out.
  public func snapshot() async throws -> RuntimeSnapshot {
    let pods = try await run(["pods", "-o", "json"], as: CrictlOutput.Pods.self).items
    let containers = try await run(["ps", "-a", "-o", "json"], as: CrictlOutput.Containers.self)
      .containers
    let podsByID = Dictionary(
      pods.compactMap(\.value).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

    var snapshot = RuntimeSnapshot()
    var present: Set<String> = []
    for element in containers {
      guard let container = element.value else {
        snapshot.leftOut.append(.init(id: "", reason: "an element of ps is no container"))
        continue
      }
      // One that is only created has no process yet.
      guard ["CONTAINER_RUNNING", "CONTAINER_EXITED"].contains(container.state) else { continue }
      // The id becomes an argument, where a dash would make it an option.
      guard !container.id.isEmpty, container.id.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
        snapshot.leftOut.append(.init(id: container.id, reason: "not a container's id"))
        continue
      }
      guard present.insert(container.id).inserted else { continue }
      do {
        snapshot.containers.append(
          try record(
            of: container, in: podsByID[container.podSandboxId],
            inspection: try await inspection(of: container)))
      } catch let failure as Failure where failure.isTimeout {
        // Waiting as long for each of the others would take minutes.
        throw failure
      } catch {
        snapshot.leftOut.append(.init(id: container.id, reason: "\(error)"))
      }
    }
    known = known.filter { present.contains($0.key) }
    return snapshot
  }

  private func inspection(
    of container: CrictlOutput.Container
  ) async throws -> CrictlOutput.Inspection {
    if let known = known[container.id], known.state == container.state { return known.inspection }
    let inspection = try await run(
      ["inspect", "-o", "json", container.id], as: CrictlOutput.Inspection.self)
    // One that changed in between, or that tells too little, is asked again next time.
    if inspection.status.state == container.state, inspection.info?.runtimeSpec != nil {
      known[container.id] = (container.state, inspection)
    }
    return inspection
  }

  private struct Incomplete: Error, CustomStringConvertible {
    var description: String
  }

  private func record(
    of container: CrictlOutput.Container, in pod: CrictlOutput.Pod?,
    inspection: CrictlOutput.Inspection
  ) throws -> ContainerRecord {
    guard let pod else {
      throw Incomplete(description: "its pod \(container.podSandboxId) is not listed")
    }
    guard let cgroupsPath = inspection.info?.runtimeSpec?.linux?.cgroupsPath else {
      throw Incomplete(description: "inspect tells no cgroupsPath")
    }
    guard let cgroupPath = SystemdCgroupPath.expanded(cgroupsPath) else {
      throw Incomplete(description: "no cgroup path: \(cgroupsPath)")
    }
    let status = inspection.status
    let pid = inspection.info?.pid.flatMap { $0 > 0 ? $0 : nil }
    let state: ContainerRecord.State
    switch status.state {
    case "CONTAINER_RUNNING":
      guard pid != nil else { throw Incomplete(description: "inspect tells no pid") }
      state = .running
    case "CONTAINER_EXITED":
      state = .exited(
        .init(
          code: status.exitCode, reason: status.reason ?? "",
          finishedAt: Self.time(status.finishedAt)))
    default: throw Incomplete(description: "its state is \(status.state)")
    }
    return ContainerRecord(
      id: container.id, name: container.metadata.name, podID: pod.id,
      podUID: pod.metadata.uid ?? "", pod: pod.metadata.name,
      namespace: pod.metadata.namespace ?? "",
      image: status.image?.image ?? container.image?.image ?? "", node: node,
      attempt: container.metadata.attempt ?? 0, pid: state == .running ? pid : nil,
      cgroupPath: cgroupPath, cgroupID: state == .running ? cgroupID(cgroupPath) : nil,
      startedAt: Self.time(status.startedAt),
      labels: (pod.labels ?? [:]).merging(container.labels ?? [:]) { _, own in own }, state: state)
  }

  /// What has not happened yet is told as the year 1, or as 1970.
  private static func time(_ text: String?) -> Timestamp? {
    text.flatMap(RFC3339.timestamp).flatMap { $0 > 0 ? $0 : nil }
  }

  private func run<Output: Decodable>(
    _ arguments: [String], as type: Output.Type
  ) async throws -> Output {
    let data: Data
    do {
      data = try await command.output(endpoint + arguments)
    } catch let failure as Command.Failure {
      if case .timedOut = failure { throw Failure.timedOut("\(failure)") }
      throw Failure.command("\(failure)")
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw Failure.malformed(
        command: "crictl " + arguments.joined(separator: " "), reason: "\(error)")
    }
  }
}

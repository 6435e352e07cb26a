import Foundation
import SwiftProtobuf

/// Makes, changes and removes pods of one container at a container runtime, as kubelet would.
package struct Pods: Sendable {
  package enum Failure: Error, Hashable, CustomStringConvertible {
    /// No pod or container has the name or the id.
    case notFound(String)
    /// Several do: the ids of those.
    case ambiguous(String, [String])
    case notRunning(pod: String)
    /// Someone else made it, so that it is not known what of.
    case unknownConfiguration(String)

    package var description: String {
      switch self {
      case .notFound(let name): "no pod or container \(name)"
      case .ambiguous(let name, let ids): "\(name): \(ids.joined(separator: ", "))"
      case .notRunning(let pod): "no container of \(pod) is running"
      case .unknownConfiguration(let id): "\(id) was not made by vigil-pods"
      }
    }
  }

  private let connection: CRIConnection
  /// Making a sandbox or a container may unpack an image.
  private static let timeout = Duration.seconds(60)

  package init(connection: CRIConnection) { self.connection = connection }

  /// Starts a pod; nothing of it is left if that fails.
  package func run(
    _ configuration: PodConfiguration
  ) async throws -> (pod: String, container: String) {
    let sandbox = configuration.sandbox
    let pod = try await connection.call("RunPodSandbox", timeout: Self.timeout) {
      try await $0.runPodSandbox(
        .with { $0.config = try Self.annotated(sandbox, at: \.annotations) }, options: $1)
    }.podSandboxID
    do {
      let container = try await start(configuration.firstContainer, in: pod, made: sandbox)
      return (pod, container)
    } catch {
      try? await removePod(pod)
      throw error
    }
  }

  /// Kills what runs of a container and starts the next attempt at it in the same pod, made of the
  /// same; returns the new container's id. The one before stays, exited, as it does in Kubernetes.
  package func restart(
    _ name: String, grace: Duration = .zero
  ) async throws -> (pod: String, container: String) {
    let pod = try await self.pod(name)
    guard let last = try await containers(of: pod.id).max(by: { $0.createdAt < $1.createdAt })
    else { throw Failure.notRunning(pod: name) }
    var container: Runtime_V1_ContainerConfig = try Self.made(last.annotations, last.id)
    let sandbox: Runtime_V1_PodSandboxConfig = try Self.made(pod.annotations, pod.id)
    container.metadata.attempt = last.metadata.attempt &+ 1
    if !container.logPath.isEmpty {
      container.logPath = PodConfiguration.logFile(
        of: container.metadata, pod: sandbox.metadata.name)
    }
    try await stopContainer(last.id, grace: grace)
    return (pod.id, try await start(container, in: pod.id, made: sandbox))
  }

  /// Stops a pod with all its containers, or one container.
  package func stop(_ name: String, grace: Duration = .zero) async throws {
    switch try await resolve(name) {
    case .pod(let pod):
      if grace > .zero {
        for container in try await containers(of: pod.id) where container.state == .containerRunning
        {
          try await stopContainer(container.id, grace: grace)
        }
      }
      try await stopPod(pod.id)
    case .container(let container): try await stopContainer(container.id, grace: grace)
    }
  }

  /// Stops and removes a pod with all its containers, or one container.
  package func remove(_ name: String) async throws {
    switch try await resolve(name) {
    case .pod(let pod): try await removePod(pod.id)
    case .container(let container):
      try await stopContainer(container.id, grace: .zero)
      _ = try await connection.call("RemoveContainer", timeout: Self.timeout) {
        try await $0.removeContainer(.with { $0.containerID = container.id }, options: $1)
      }
    }
  }

  /// Removes every pod of the runtime, of whomever; goes on after a failure and throws the first.
  package func removeAll() async throws {
    var failure: (any Error)?
    for pod in try await pods() {
      do {
        try await removePod(pod.id)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  package struct Listed: Sendable, Hashable {
    package var namespace: String
    package var pod: String
    package var podID: String
    /// Nil where a pod has none.
    package var container: Container?

    package struct Container: Sendable, Hashable {
      package var id: String
      package var name: String
      package var attempt: UInt32
      /// `created`, `running`, `exited` or `unknown`.
      package var state: String
    }
  }

  /// By namespace, pod and age.
  package func list() async throws -> [Listed] {
    let containers = Dictionary(grouping: try await containers(of: nil), by: \.podSandboxID)
    return try await pods()
      .sorted {
        ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name)
      }
      .flatMap { pod in
        let listed = Listed(
          namespace: pod.metadata.namespace, pod: pod.metadata.name, podID: pod.id)
        guard let own = containers[pod.id] else { return [listed] }
        return own.sorted { $0.createdAt < $1.createdAt }.map { container in
          var row = listed
          row.container = .init(
            id: container.id, name: container.metadata.name, attempt: container.metadata.attempt,
            state: Self.word(for: container.state))
          return row
        }
      }
  }

  /// Runs a command in the running container of a pod, or in a container, to its end.
  package func exec(
    _ name: String, command: [String], timeout: Duration = .seconds(30)
  ) async throws -> (output: Data, error: Data, exitCode: Int32) {
    let id: String
    switch try await resolve(name) {
    case .container(let container): id = container.id
    case .pod(let pod):
      guard
        let running = try await containers(of: pod.id).last(where: { $0.state == .containerRunning }
        )
      else { throw Failure.notRunning(pod: name) }
      id = running.id
    }
    // The runtime ends the command in time; the call has to outlast that.
    let answer = try await connection.call("ExecSync", timeout: timeout + .seconds(5)) {
      try await $0.execSync(
        .with {
          $0.containerID = id
          $0.cmd = command
          $0.timeout = timeout.components.seconds
        }, options: $1)
    }
    return (answer.stdout, answer.stderr, answer.exitCode)
  }

  private enum Named {
    case pod(Runtime_V1_PodSandbox)
    case container(Runtime_V1_Container)
  }

  /// By a pod's name, or the beginning of a pod's or a container's id.
  private func resolve(_ name: String) async throws -> Named {
    let pods = try await pods()
    let named = pods.filter { $0.metadata.name == name }
    let found =
      named.isEmpty
      ? pods.filter { $0.id.hasPrefix(name) }.map(Named.pod)
        + (try await containers(of: nil)).filter { $0.id.hasPrefix(name) }.map(Named.container)
      : named.map(Named.pod)
    guard let first = found.first, !name.isEmpty else { throw Failure.notFound(name) }
    guard found.count == 1 else {
      throw Failure.ambiguous(
        name,
        found.map {
          switch $0 {
          case .pod(let pod): pod.id
          case .container(let container): container.id
          }
        })
    }
    return first
  }

  private func pod(_ name: String) async throws -> Runtime_V1_PodSandbox {
    guard case .pod(let pod) = try await resolve(name) else { throw Failure.notFound(name) }
    return pod
  }

  private func pods() async throws -> [Runtime_V1_PodSandbox] {
    try await connection.call("ListPodSandbox") {
      try await $0.listPodSandbox(.init(), options: $1)
    }.items
  }

  /// - Parameter pod: the sandbox's id; nil for all containers.
  private func containers(of pod: String?) async throws -> [Runtime_V1_Container] {
    try await connection.call("ListContainers") {
      try await $0.listContainers(
        .with { if let pod { $0.filter.podSandboxID = pod } }, options: $1)
    }.containers
  }

  private func start(
    _ container: Runtime_V1_ContainerConfig, in pod: String,
    made sandbox: Runtime_V1_PodSandboxConfig
  ) async throws -> String {
    let id = try await connection.call("CreateContainer", timeout: Self.timeout) {
      try await $0.createContainer(
        .with {
          $0.podSandboxID = pod
          $0.config = try Self.annotated(container, at: \.annotations)
          $0.sandboxConfig = sandbox
        }, options: $1)
    }.containerID
    _ = try await connection.call("StartContainer", timeout: Self.timeout) {
      try await $0.startContainer(.with { $0.containerID = id }, options: $1)
    }
    return id
  }

  /// - Parameter grace: how long the container may take to end before it is killed.
  private func stopContainer(_ id: String, grace: Duration) async throws {
    _ = try await connection.call("StopContainer", timeout: grace + Self.timeout) {
      try await $0.stopContainer(
        .with {
          $0.containerID = id
          $0.timeout = grace.components.seconds
        }, options: $1)
    }
  }

  private func stopPod(_ id: String) async throws {
    _ = try await connection.call("StopPodSandbox", timeout: Self.timeout) {
      try await $0.stopPodSandbox(.with { $0.podSandboxID = id }, options: $1)
    }
  }

  private func removePod(_ id: String) async throws {
    try await stopPod(id)
    _ = try await connection.call("RemovePodSandbox", timeout: Self.timeout) {
      try await $0.removePodSandbox(.with { $0.podSandboxID = id }, options: $1)
    }
  }

  /// What a container or a pod was made of is kept with it: the runtime's own word for that is not
  /// part of the API.
  private static let annotation = "vigil-pods/configuration"

  private static func annotated<Message: SwiftProtobuf.Message>(
    _ configuration: Message, at annotations: WritableKeyPath<Message, [String: String]>
  ) throws -> Message {
    var annotated = configuration
    annotated[keyPath: annotations][annotation] = try configuration.jsonString()
    return annotated
  }

  private static func made<Message: SwiftProtobuf.Message>(
    _ annotations: [String: String], _ id: String
  ) throws -> Message {
    guard let text = annotations[annotation], let message = try? Message(jsonString: text) else {
      throw Failure.unknownConfiguration(id)
    }
    return message
  }

  private static func word(for state: Runtime_V1_ContainerState) -> String {
    switch state {
    case .containerCreated: "created"
    case .containerRunning: "running"
    case .containerExited: "exited"
    case .containerUnknown, .UNRECOGNIZED: "unknown"
    }
  }
}

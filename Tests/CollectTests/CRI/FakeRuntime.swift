import CRI
import Foundation
import GRPCCore
import SwiftProtobuf
import Synchronization

@testable import Collect

/// A container runtime without containers: it keeps what it is told to make, answers as scripted, and
/// keeps a log of the calls.
final class FakeRuntime: Runtime_V1_RuntimeService.SimpleServiceProtocol {
  struct State {
    var pods: [Runtime_V1_PodSandbox] = []
    var containers: [Runtime_V1_Container] = []
    var statuses: [String: Runtime_V1_ContainerStatusResponse] = [:]
    /// By the call's name: what it fails with.
    var failures: [String: RPCError] = [:]
    /// Names of calls that never answer.
    var hanging: Set<String> = []
    var log: [String] = []
    var made = 0
    /// What containers were made of, and the sandboxes named with it, by the container's id.
    var configurations: [String: Runtime_V1_ContainerConfig] = [:]
    var sandboxes: [String: Runtime_V1_PodSandboxConfig] = [:]
    /// Pods that cannot be removed.
    var stubborn: Set<String> = []
    var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    var followed = 0
  }

  private let state = Mutex(State())

  @discardableResult
  func edit<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    state.withLock { body(&$0) }
  }

  var log: [String] { state.withLock { $0.log } }

  /// Tells everyone who follows the events of one.
  func tellEvent() { state.withLock { for follower in $0.followers.values { follower.yield() } } }

  /// Ends the calls that would go on without end.
  func endCalls() {
    state.withLock {
      for follower in $0.followers.values { follower.finish() }
      $0.followers = [:]
    }
  }

  /// A running container in a pod of its own.
  static func container(
    _ number: Int, pid: Int32 = 100, cgroupsPath: String? = nil
  ) -> (
    pod: Runtime_V1_PodSandbox, container: Runtime_V1_Container,
    status: Runtime_V1_ContainerStatusResponse
  ) {
    let id = "c" + String(format: "%063x", number)
    let pod = Runtime_V1_PodSandbox.with {
      $0.id = "d" + String(format: "%063x", number)
      $0.metadata = .with {
        $0.name = "pod-\(number)"
        $0.uid = "uid-\(number)"
        $0.namespace = "shop"
      }
      $0.createdAt = Int64(number)
    }
    let container = Runtime_V1_Container.with {
      $0.id = id
      $0.podSandboxID = pod.id
      $0.metadata = .with { $0.name = "main" }
      $0.image = .with { $0.image = "busybox" }
      $0.state = .containerRunning
      $0.createdAt = Int64(number)
    }
    let status = Runtime_V1_ContainerStatusResponse.with {
      $0.status = .with {
        $0.id = id
        $0.state = .containerRunning
        $0.startedAt = 1_000_000_000
        $0.image = .with { $0.image = "busybox" }
      }
      $0.info = ["info": info(pid: pid, cgroupsPath: cgroupsPath ?? "/kubepods/\(id)")]
    }
    return (pod, container, status)
  }

  static func info(pid: Int32, cgroupsPath: String) -> String {
    "{\"pid\": \(pid), \"runtimeSpec\": {\"linux\": {\"cgroupsPath\": \"\(cgroupsPath)\"}}}"
  }

  func add(_ number: Int, pid: Int32 = 100, cgroupsPath: String? = nil) {
    let (pod, container, status) = Self.container(number, pid: pid, cgroupsPath: cgroupsPath)
    edit {
      $0.pods.append(pod)
      $0.containers.append(container)
      $0.statuses[container.id] = status
    }
  }

  /// The machine whose crictl output is recorded in Golden, as it would have answered over gRPC.
  static func recorded() throws -> FakeRuntime {
    var options = JSONDecodingOptions()
    options.ignoreUnknownFields = true
    let pods = try Runtime_V1_ListPodSandboxResponse(
      jsonUTF8Data: try FakeCrictl.recorded("pods"), options: options)
    let containers = try Runtime_V1_ListContainersResponse(
      jsonUTF8Data: try FakeCrictl.recorded("ps"), options: options)
    guard
      let inspection = try JSONSerialization.jsonObject(with: try FakeCrictl.recorded("inspect"))
        as? [String: Any], let info = inspection["info"]
    else { throw CocoaError(.fileReadCorruptFile) }
    let text = String(
      decoding: try JSONSerialization.data(withJSONObject: info), as: UTF8.self)
    let runtime = FakeRuntime()
    runtime.edit {
      $0.pods = pods.items
      $0.containers = containers.containers
      // crictl prints these times as text.
      $0.statuses[FakeCrictl.containerID] = .with {
        $0.status = .with {
          $0.id = FakeCrictl.containerID
          $0.state = .containerRunning
          $0.createdAt = 1_795_470_373_415_977_446
          $0.startedAt = 1_795_470_373_484_289_696
          $0.image = .with { $0.image = "docker.io/local/busybox:1" }
        }
        $0.info = ["info": text]
      }
    }
    return runtime
  }

  /// Writes the call into the log, then fails or hangs if it is scripted to.
  private func begin(_ call: String, _ argument: String = "") async throws {
    let (failure, hangs) = edit {
      $0.log.append(argument.isEmpty ? call : call + " " + argument)
      return ($0.failures[call], $0.hanging.contains(call))
    }
    if let failure { throw failure }
    if hangs { try await follow {} }
  }

  func listPodSandbox(
    request: Runtime_V1_ListPodSandboxRequest, context: ServerContext
  ) async throws -> Runtime_V1_ListPodSandboxResponse {
    try await begin("ListPodSandbox")
    return edit { state in .with { $0.items = state.pods } }
  }

  func listContainers(
    request: Runtime_V1_ListContainersRequest, context: ServerContext
  ) async throws -> Runtime_V1_ListContainersResponse {
    try await begin("ListContainers")
    let pod = request.filter.podSandboxID
    return edit { state in
      .with {
        $0.containers = state.containers.filter { pod.isEmpty || $0.podSandboxID == pod }
      }
    }
  }

  func containerStatus(
    request: Runtime_V1_ContainerStatusRequest, context: ServerContext
  ) async throws -> Runtime_V1_ContainerStatusResponse {
    try await begin("ContainerStatus", request.containerID)
    guard let status = edit({ $0.statuses[request.containerID] }) else {
      throw RPCError(code: .notFound, message: "no such container")
    }
    return status
  }

  func getContainerEvents(
    request: Runtime_V1_GetEventsRequest, response: RPCWriter<Runtime_V1_ContainerEventResponse>,
    context: ServerContext
  ) async throws {
    try await begin("GetContainerEvents")
    try await follow { try await response.write(.with { $0.containerID = "c" }) }
    throw RPCError(code: .unavailable, message: "shutting down")
  }

  /// Calls `onEvent` for each event until the caller gives up or the runtime ends.
  private func follow(_ onEvent: () async throws -> Void) async throws {
    let (events, continuation) = AsyncStream.makeStream(of: Void.self)
    let follower = edit {
      $0.followed += 1
      $0.followers[$0.followed] = continuation
      return $0.followed
    }
    defer { edit { $0.followers[follower] = nil } }
    try await withRPCCancellationHandler {
      for await _ in events { try await onEvent() }
    } onCancelRPC: {
      continuation.finish()
    }
  }

  func runPodSandbox(
    request: Runtime_V1_RunPodSandboxRequest, context: ServerContext
  ) async throws -> Runtime_V1_RunPodSandboxResponse {
    try await begin("RunPodSandbox")
    let config = request.config
    return edit { state in
      state.made += 1
      let id = String(format: "a%063x", state.made)
      state.pods.append(
        .with {
          $0.id = id
          $0.metadata = config.metadata
          $0.labels = config.labels
          $0.annotations = config.annotations
          $0.createdAt = Int64(state.made)
        })
      return .with { $0.podSandboxID = id }
    }
  }

  func stopPodSandbox(
    request: Runtime_V1_StopPodSandboxRequest, context: ServerContext
  ) async throws -> Runtime_V1_StopPodSandboxResponse {
    try await begin("StopPodSandbox", request.podSandboxID)
    edit { state in
      for index in state.pods.indices where state.pods[index].id == request.podSandboxID {
        state.pods[index].state = .sandboxNotready
      }
      for index in state.containers.indices
      where state.containers[index].podSandboxID == request.podSandboxID {
        state.containers[index].state = .containerExited
      }
    }
    return .init()
  }

  func removePodSandbox(
    request: Runtime_V1_RemovePodSandboxRequest, context: ServerContext
  ) async throws -> Runtime_V1_RemovePodSandboxResponse {
    try await begin("RemovePodSandbox", request.podSandboxID)
    if edit({ $0.stubborn.contains(request.podSandboxID) }) {
      throw RPCError(code: .unknown, message: "busy")
    }
    edit { state in
      state.pods.removeAll { $0.id == request.podSandboxID }
      state.containers.removeAll { $0.podSandboxID == request.podSandboxID }
    }
    return .init()
  }

  func createContainer(
    request: Runtime_V1_CreateContainerRequest, context: ServerContext
  ) async throws -> Runtime_V1_CreateContainerResponse {
    try await begin("CreateContainer")
    return edit { state in
      state.made += 1
      let id = String(format: "b%063x", state.made)
      state.configurations[id] = request.config
      state.sandboxes[id] = request.sandboxConfig
      state.containers.append(
        .with {
          $0.id = id
          $0.podSandboxID = request.podSandboxID
          $0.metadata = request.config.metadata
          $0.image = request.config.image
          $0.annotations = request.config.annotations
          $0.createdAt = Int64(state.made)
        })
      return .with { $0.containerID = id }
    }
  }

  func startContainer(
    request: Runtime_V1_StartContainerRequest, context: ServerContext
  ) async throws -> Runtime_V1_StartContainerResponse {
    try await begin("StartContainer", request.containerID)
    setState(.containerRunning, of: request.containerID)
    return .init()
  }

  func stopContainer(
    request: Runtime_V1_StopContainerRequest, context: ServerContext
  ) async throws -> Runtime_V1_StopContainerResponse {
    try await begin("StopContainer", request.containerID)
    setState(.containerExited, of: request.containerID)
    return .init()
  }

  func removeContainer(
    request: Runtime_V1_RemoveContainerRequest, context: ServerContext
  ) async throws -> Runtime_V1_RemoveContainerResponse {
    try await begin("RemoveContainer", request.containerID)
    edit { state in state.containers.removeAll { $0.id == request.containerID } }
    return .init()
  }

  func execSync(
    request: Runtime_V1_ExecSyncRequest, context: ServerContext
  ) async throws -> Runtime_V1_ExecSyncResponse {
    try await begin("ExecSync", request.containerID)
    return .with {
      $0.stdout = Data(request.cmd.joined(separator: " ").utf8)
      $0.stderr = Data("warned".utf8)
      $0.exitCode = 7
    }
  }

  private func setState(_ new: Runtime_V1_ContainerState, of id: String) {
    edit { state in
      for index in state.containers.indices where state.containers[index].id == id {
        state.containers[index].state = new
      }
    }
  }
}

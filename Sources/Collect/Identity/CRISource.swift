import CRI
import Foundation
import TimeSeries

/// The containers as a runtime's CRI socket tells of them (Kubernetes' runtime.v1).
///
/// A snapshot makes two calls, and one more for each container that is new or whose state has
/// changed (``RuntimeMemory``). Pods are listed before containers, so that a container whose pod is
/// missing is one whose pod came in between; the next snapshot has both. A runtime that was away is
/// connected to again.
public actor CRISource: RuntimeSource {
  public nonisolated let name: String
  private let connection: CRIConnection
  private var memory: RuntimeMemory

  /// - Parameters:
  ///   - endpoint: the socket's path, or its URL: `unix:///run/containerd/containerd.sock`.
  ///   - timeout: how long each call may take, connecting included.
  ///   - cgroupID: the inode of the cgroup v2 directory at a path from the hierarchy's root.
  ///   - cgroupsOfProcess: the text of `/proc/PID/cgroup`.
  /// Throws `CRIFailure` where `endpoint` is none.
  public init(
    endpoint: String, node: String, timeout: Duration = .seconds(10),
    cgroupID: @escaping @Sendable (String) -> UInt64?,
    cgroupsOfProcess: @escaping @Sendable (Int32) -> String? = { _ in nil }
  ) throws {
    connection = try CRIConnection(endpoint: endpoint, timeout: timeout)
    name = "cri"
    memory = RuntimeMemory(
      node: node, cgroupID: cgroupID, cgroupsOfProcess: cgroupsOfProcess)
  }

  /// Throws `CRIFailure` where a list cannot be had or the runtime does not answer, which is then not
  /// waited for once more for each container; one whose own status cannot be read is left out.
  public func snapshot() async throws -> RuntimeSnapshot {
    let pods = try await connection.call("ListPodSandbox") {
      try await $0.listPodSandbox(.init(), options: $1)
    }.items
    let containers = try await connection.call("ListContainers") {
      try await $0.listContainers(.init(), options: $1)
    }.containers
    let listing = RuntimeListing(
      pods: pods.map(RuntimeListing.Pod.init), containers: containers.map { .init($0) })
    var asked: [String: Result<RuntimeListing.Status, any Error>] = [:]
    for id in memory.unknown(in: listing) {
      do {
        let answer = try await status(of: id)
        asked[id] = Result { try RuntimeListing.Status(answer) }
      } catch let failure as CRIFailure where failure.isOfOneAnswer {
        asked[id] = .failure(failure)
      }
    }
    return memory.snapshot(of: listing, asked: asked)
  }

  private func status(of id: String) async throws -> Runtime_V1_ContainerStatusResponse {
    try await connection.call("ContainerStatus") {
      try await $0.containerStatus(
        .with {
          $0.containerID = id
          $0.verbose = true
        }, options: $1)
    }
  }

  /// A tick for each of the runtime's events, and one each time that it is asked for them again after
  /// it went away, since some may have been missed. Ends where the runtime has no events (containerd
  /// before 1.7).
  public nonisolated func changes() -> AsyncStream<Void>? {
    let (ticks, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let following = Task { [connection] in
      var pause = Self.shortestPause
      while !Task.isCancelled {
        let begin = ContinuousClock.now
        do {
          try await connection.events { _ in continuation.yield() }
        } catch CRIFailure.unimplemented {
          break
        } catch {}
        pause =
          begin.duration(to: .now) > Self.longestPause
          ? Self.shortestPause : min(pause * 2, Self.longestPause)
        try? await Task.sleep(for: pause)
        continuation.yield()
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in following.cancel() }
    return ticks
  }

  /// Between two attempts at following the events.
  private static let shortestPause = Duration.milliseconds(100)
  private static let longestPause = Duration.seconds(10)
}

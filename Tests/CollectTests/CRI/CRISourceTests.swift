import CRI
import Foundation
import GRPCCore
import Synchronization
import Testing

@testable import Collect

@Suite("Containers from a runtime's socket", .timeLimit(.minutes(2)))
struct CRISourceTests {
  @Test("the same machine is told the same by gRPC and by crictl")
  func sameAsCrictl() async throws {
    let server = try FakeRuntimeServer(try .recorded())
    try await server.start()
    let snapshot = try await server.source().snapshot()
    #expect(snapshot.containers.count == 1)
    let crictl = try FakeCrictl()
    #expect(snapshot == (try await crictl.source().snapshot()))

    // And after it exited.
    server.runtime.edit {
      $0.containers[0].state = .containerExited
      $0.statuses[FakeCrictl.containerID]?.status.state = .containerExited
      $0.statuses[FakeCrictl.containerID]?.status.exitCode = 137
      $0.statuses[FakeCrictl.containerID]?.status.reason = "OOMKilled"
      $0.statuses[FakeCrictl.containerID]?.status.finishedAt = 1_795_473_974_000_000_000
    }
    try crictl.edit("ps", "CONTAINER_RUNNING", "CONTAINER_EXITED")
    try crictl.edit("inspect", "CONTAINER_RUNNING", "CONTAINER_EXITED")
    try crictl.edit("inspect", "\"exitCode\": 0", "\"exitCode\": 137")
    try crictl.edit("inspect", "\"reason\": \"\"", "\"reason\": \"OOMKilled\"")
    try crictl.edit("inspect", "0001-01-01T00:00:00Z", "2026-11-23T23:46:14+01:00")
    let exited = try await server.source().snapshot()
    #expect(exited.containers.first?.pid == nil)
    #expect(exited == (try await crictl.source().snapshot()))
    await server.stop()
  }

  @Test("a container is asked about once, and again when its state changes")
  func caching() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.add(1)
    try await server.start()
    let source = try server.source()
    let id = FakeRuntime.container(1).container.id
    for _ in 0..<5 { #expect(try await source.snapshot().containers.map(\.id) == [id]) }
    #expect(server.runtime.log.count == 11)
    #expect(server.runtime.log.filter { $0.hasPrefix("ContainerStatus") }.count == 1)

    server.runtime.edit {
      $0.containers[0].state = .containerExited
      $0.statuses[id]?.status.state = .containerExited
      $0.statuses[id]?.status.exitCode = 1
    }
    for _ in 0..<2 {
      #expect(
        try await source.snapshot().containers.map(\.state) == [.exited(.init(code: 1))])
    }
    #expect(server.runtime.log.filter { $0.hasPrefix("ContainerStatus") }.count == 2)
    await server.stop()
  }

  @Test("containers that are only created are awaited, and hide nobody")
  func created() async throws {
    let server = try FakeRuntimeServer()
    for number in 1...3 { server.runtime.add(number) }
    server.runtime.edit {
      for index in 0...1 { $0.containers[index].state = .containerCreated }
    }
    try await server.start()
    let source = try server.source()
    let before = try await source.snapshot()
    #expect(before.awaited == 2)
    #expect(before.containers.map(\.pod) == ["pod-3"])
    server.runtime.edit { $0.containers[0].state = .containerRunning }
    let after = try await source.snapshot()
    #expect(after.awaited == 1)
    #expect(after.containers.map(\.pod) == ["pod-1", "pod-3"])
    #expect(after.leftOut == [])
    await server.stop()
  }

  @Test("a container that takes over a cgroup's path is another, from its start on")
  func reusedCgroup() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.add(1, pid: 11, cgroupsPath: "/pod/main")
    try await server.start()
    let inode = Mutex<UInt64>(50)
    let source = try CRISource(endpoint: server.socket, node: "n1") { _ in inode.withLock { $0 } }
    let first = try #require(try await source.snapshot().containers.first)
    #expect(first.cgroupID == 50)

    let next = FakeRuntime.container(2, pid: 12, cgroupsPath: "/pod/main")
    server.runtime.edit {
      $0.containers[0].state = .containerExited
      $0.statuses[$0.containers[0].id]?.status.state = .containerExited
      var container = next.container
      container.podSandboxID = $0.containers[0].podSandboxID
      container.metadata.attempt = 1
      $0.containers.append(container)
      $0.statuses[container.id] = next.status
    }
    inode.withLock { $0 = 51 }
    let both = try await source.snapshot().containers
    #expect(both.map(\.cgroupID) == [nil, 51])
    #expect(both.map(\.pid) == [nil, 12])
    #expect(both.map(\.attempt) == [0, 1])
    #expect(both.map(\.pod) == ["pod-1", "pod-1"])
    await server.stop()
  }

  @Test(
    "what a runtime tells in words of its own may be anything",
    arguments: [
      (nil, "no cgroupsPath"),
      ("", "dataCorrupted"),
      ("{\"pid\": 1", "dataCorrupted"),
      ("[]", "typeMismatch"),
      ("{\"pid\": \"1\"}", "typeMismatch"),
      ("{\"pid\": 99999999999999}", "dataCorrupted"),
      ("{\"pid\": 5}", "no cgroupsPath"),
      ("{\"pid\": 5, \"runtimeSpec\": {\"linux\": null}}", "no cgroupsPath"),
      (FakeRuntime.info(pid: 0, cgroupsPath: "/a"), "no pid"),
      (FakeRuntime.info(pid: -7, cgroupsPath: "/a"), "no pid"),
      (FakeRuntime.info(pid: 5, cgroupsPath: "a:b"), "no cgroup path"),
      ("{\"pid\": 5, \"runtimeSpec\": \"\u{feff}\"}", "typeMismatch"),
    ] as [(String?, String)])
  func unreadableInfo(info: String?, reason: String) async throws {
    let server = try FakeRuntimeServer()
    for number in 1...3 { server.runtime.add(number) }
    server.runtime.edit {
      $0.statuses[$0.containers[1].id]?.info = info.map { ["info": $0] } ?? [:]
    }
    try await server.start()
    let snapshot = try await server.source().snapshot()
    #expect(snapshot.containers.map(\.pod) == ["pod-1", "pod-3"])
    let left = try #require(snapshot.leftOut.first)
    #expect(left.id == FakeRuntime.container(2).container.id)
    #expect(left.reason.contains(reason), "\(left.reason)")
    await server.stop()
  }

  @Test(
    "a description that is nested deep, or large, is left out",
    arguments: [
      ("[", 100_000, "dataCorrupted"), ("{\"pid\":", 10_000, "dataCorrupted"),
      (" ", 2 << 20, "has 2097152 bytes, more than 1048576"),
    ])
  func hugeInfo(part: String, count: Int, reason: String) async throws {
    let server = try FakeRuntimeServer()
    for number in 1...2 { server.runtime.add(number) }
    server.runtime.edit {
      $0.statuses[$0.containers[0].id]?.info["info"] = String(repeating: part, count: count)
    }
    try await server.start()
    let snapshot = try await server.source().snapshot()
    #expect(snapshot.containers.map(\.pod) == ["pod-2"])
    #expect(snapshot.leftOut.count == 1)
    #expect(snapshot.leftOut.first?.reason.contains(reason) == true)
    await server.stop()
  }

  @Test("a container whose status fails, is gone or is too large hides no other")
  func unreadableStatus() async throws {
    let server = try FakeRuntimeServer()
    for number in 1...4 { server.runtime.add(number) }
    server.runtime.edit {
      $0.statuses[$0.containers[0].id] = nil
      $0.statuses[$0.containers[1].id]?.info["more"] = String(repeating: "x", count: 17 << 20)
      $0.statuses[$0.containers[2].id]?.status.state = .containerUnknown
    }
    try await server.start()
    let source = try server.source()
    let snapshot = try await source.snapshot()
    #expect(snapshot.containers.map(\.pod) == ["pod-4"])
    #expect(snapshot.leftOut.count == 3)
    for (left, part) in zip(
      snapshot.leftOut,
      [
        "\(server.socket): ContainerStatus: no such container", "exceeded the configured maximum",
        "its state is CONTAINER_UNKNOWN",
      ])
    {
      #expect(left.reason.contains(part), "\(left.reason)")
    }
    // They are asked about again; the one that was read is not.
    server.runtime.edit { $0.log = [] }
    _ = try await source.snapshot()
    #expect(server.runtime.log.filter { $0.hasPrefix("ContainerStatus") }.count == 3)
    await server.stop()
  }

  @Test("a list of nonsense is left out element by element")
  func hostileList() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.add(1)
    server.runtime.edit { state in
      let good = state.containers[0]
      var bad = good
      bad.id = "--help"
      var orphan = good
      orphan.id = "f0"
      orphan.podSandboxID = "none"
      state.statuses["f0"] = state.statuses[good.id]
      var strange = good
      strange.id = "f1"
      strange.state = .UNRECOGNIZED(77)
      let empties = (0..<10_000).map { _ in
        Runtime_V1_Container.with { $0.state = .containerRunning }
      }
      state.containers += [good, bad, orphan, strange] + empties
      state.pods += (0..<10_000).map { _ in .init() }
    }
    try await server.start()
    let snapshot = try await server.source().snapshot()
    #expect(snapshot.containers.map(\.pod) == ["pod-1"])
    #expect(snapshot.leftOut.count == 10_002)
    #expect(snapshot.leftOut[0].reason == "not a container's id")
    #expect(snapshot.leftOut[1].reason == "its pod none is not listed")
    await server.stop()
  }

  @Test("a list that is too large is an error that names socket and call")
  func giantList() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.edit {
      $0.pods = [.with { $0.labels = ["x": String(repeating: "x", count: 17 << 20)] }]
    }
    try await server.start()
    await #expect {
      try await server.source().snapshot()
    } throws: { error in
      guard case CRIFailure.failed(server.socket, "ListPodSandbox", _, let reason) = error
      else { return false }
      return reason.contains("exceeded the configured maximum payload size (max: 16777216")
    }
    await server.stop()
  }

  @Test("no connection has more calls than NIO stands pings from a server in Go")
  func manyCalls() async throws {
    let server = try FakeRuntimeServer()
    for number in 1...300 { server.runtime.add(number) }
    try await server.start()
    var source: CRISource? = try server.source()
    #expect(try await source?.snapshot().containers.count == 300)
    #expect(server.accepted.withLock { $0 } == 4)
    try await eventually { server.open.withLock { $0 } == 1 }
    source = nil
    try await eventually { server.open.withLock { $0 } == 0 }
    await server.stop()
  }

  @Test("a runtime that goes away and comes back is asked again")
  func restarts() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.add(1)
    let source = try server.source()
    func isUnreachable(_ error: any Error) -> Bool {
      guard case CRIFailure.unreachable(server.socket, "ListPodSandbox", _) = error else {
        Issue.record("\(error)")
        return false
      }
      return true
    }
    await #expect(performing: { try await source.snapshot() }, throws: isUnreachable)
    for round in 1...3 {
      try await server.start()
      var snapshot: RuntimeSnapshot?
      try await eventually {
        snapshot = try? await source.snapshot()
        return snapshot != nil
      }
      #expect(snapshot?.containers.count == 1, "round \(round)")
      await server.stop()
      await #expect(performing: { try await source.snapshot() }, throws: isUnreachable)
    }
  }

  @Test("a runtime that does not answer is waited for once")
  func hanging() async throws {
    let server = try FakeRuntimeServer()
    for number in 1...3 { server.runtime.add(number) }
    server.runtime.edit { $0.hanging = ["ContainerStatus"] }
    try await server.start()
    let source = try server.source(timeout: .seconds(5))
    await #expect(
      throws: CRIFailure.timedOut(
        socket: server.socket, call: "ContainerStatus", after: .seconds(5))
    ) { try await source.snapshot() }
    #expect(server.runtime.log.filter { $0.hasPrefix("ContainerStatus") }.count == 1)
    server.runtime.edit { $0.hanging = [] }
    #expect(try await source.snapshot().containers.count == 3)
    await server.stop()
  }

  @Test("a snapshot that is given up ends")
  func cancelled() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.edit { $0.hanging = ["ListContainers"] }
    try await server.start()
    let source = try server.source()
    let asking = Task { try await source.snapshot() }
    try await eventually { server.runtime.log.contains("ListContainers") }
    asking.cancel()
    await #expect(throws: CancellationError.self) { try await asking.value }
    await server.stop()
  }

  @Test(
    "a socket behind which something else listens is an error",
    arguments: ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{0}\u{0}\u{1f}\u{0}garbage"])
  func otherServer(greeting: String) async throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixListener(path: directory.path + "/s", greeting: greeting)
    let source = try CRISource(
      endpoint: directory.path + "/s", node: "", timeout: .milliseconds(700)
    ) { _ in nil }
    await #expect(throws: CRIFailure.self) { try await source.snapshot() }
    listener.close()
  }

  @Test("the socket may be told by its URL, and by no other kind of URL")
  func endpoints() async throws {
    let server = try FakeRuntimeServer()
    try await server.start()
    let source = try CRISource(endpoint: "unix://" + server.socket, node: "") { _ in nil }
    #expect(try await source.snapshot() == RuntimeSnapshot())
    await server.stop()
    let long = "/" + String(repeating: "x", count: 107)
    for endpoint in ["", "unix://", "tcp://127.0.0.1:1", "unix://tcp://x", long, "/a\u{0}b"] {
      #expect(throws: CRIFailure.notASocket(endpoint: endpoint)) {
        try CRISource(endpoint: endpoint, node: "") { _ in nil }
      }
    }
  }
}

import CRI
import Foundation
import GRPCCore
import Testing

@Suite("Pods made over a runtime's socket", .timeLimit(.minutes(2)))
struct PodsTests {
  let server: FakeRuntimeServer
  let pods: Pods

  init() async throws {
    server = try FakeRuntimeServer()
    try await server.start()
    pods = Pods(connection: try CRIConnection(endpoint: server.socket))
  }

  private func configuration(_ name: String) -> PodConfiguration {
    var pod = PodConfiguration(name: name, image: "busybox")
    pod.namespace = "shop"
    pod.command = ["sleep", "1"]
    pod.environment = [("A", "b=c")]
    pod.mounts = [("/host", "/data")]
    pod.memoryLimit = 1 << 26
    pod.cgroupParent = "/vigil"
    pod.logDirectory = "/logs"
    pod.labels = ["app": "cart"]
    return pod
  }

  @Test("a pod that is run, stopped and removed is listed as such")
  func life() async throws {
    let ids = try await pods.run(configuration("cart"))
    func listed() async throws -> [String] {
      try await pods.list().map { "\($0.namespace)/\($0.pod) \($0.container?.state ?? "-")" }
    }
    #expect(try await listed() == ["shop/cart running"])
    #expect(try await pods.list().first?.container?.id == ids.container)
    try await pods.stop("cart")
    #expect(try await listed() == ["shop/cart exited"])
    try await pods.remove(String(ids.container.prefix(64)))
    #expect(try await listed() == ["shop/cart -"])
    try await pods.remove(String(ids.pod.prefix(64)))
    #expect(try await listed() == [])
    await server.stop()
  }

  @Test("a restarted container is the next attempt at the same, in the same pod")
  func restart() async throws {
    let first = try await pods.run(configuration("cart"))
    let second = try await pods.restart("cart")
    #expect(second.pod == first.pod)
    #expect(second.container != first.container)
    #expect(
      try await pods.list().compactMap(\.container).map { "\($0.attempt) \($0.state)" }
        == ["0 exited", "1 running"])
    let third = try await pods.restart(first.pod)
    #expect(try await pods.list().last?.container?.attempt == 2)
    let made = server.runtime.edit { $0.configurations }
    let sandboxes = server.runtime.edit { $0.sandboxes }
    var expected = try #require(made[first.container])
    expected.metadata.attempt = 2
    expected.logPath = "cart_main_2.log"
    let last = try #require(made[third.container])
    #expect(last.command == ["sleep", "1"])
    #expect(last.envs.map(\.key) == ["A"] && last.envs[0].value == Data("b=c".utf8))
    #expect(last.mounts.map(\.hostPath) == ["/host"])
    #expect(last.linux.resources.memoryLimitInBytes == 1 << 26)
    #expect(last.linux.securityContext.namespaceOptions.network == .node)
    // All the rest, and what the next restart is made from, is the same too.
    expected.annotations = last.annotations
    #expect(last == expected)
    #expect(sandboxes[third.container] == sandboxes[first.container])
    #expect(sandboxes[third.container]?.linux.cgroupParent == "/vigil")
    await server.stop()
  }

  @Test("nothing is left of a pod whose container cannot be started")
  func failedStart() async throws {
    server.runtime.edit {
      $0.failures["StartContainer"] = RPCError(code: .unknown, message: "no such program")
    }
    await #expect(
      throws: CRIFailure.failed(
        socket: server.socket, call: "StartContainer", code: "unknown", reason: "no such program")
    ) { try await pods.run(configuration("cart")) }
    #expect(try await pods.list() == [])
    await server.stop()
  }

  @Test("removing all goes on after a pod that cannot be removed")
  func removeAll() async throws {
    let stubborn = try await pods.run(configuration("a")).pod
    _ = try await pods.run(configuration("b"))
    server.runtime.edit { $0.stubborn = [stubborn] }
    await #expect(throws: CRIFailure.self) { try await pods.removeAll() }
    #expect(try await pods.list().map(\.pod) == ["a"])
    await server.stop()
  }

  @Test("a command's output and exit status are handed over")
  func exec() async throws {
    let ids = try await pods.run(configuration("cart"))
    for name in ["cart", ids.container] {
      let result = try await pods.exec(name, command: ["a", "b"])
      #expect(result.output == Data("a b".utf8))
      #expect(result.error == Data("warned".utf8))
      #expect(result.exitCode == 7)
    }
    try await pods.stop("cart")
    await #expect(throws: Pods.Failure.notRunning(pod: "cart")) {
      try await pods.exec("cart", command: ["a"])
    }
    await server.stop()
  }

  @Test("a name that is nobody's, or more than one's, changes nothing")
  func names() async throws {
    let first = try await pods.run(configuration("cart")).pod
    let second = try await pods.run(configuration("cart")).pod
    await #expect(throws: Pods.Failure.ambiguous("cart", [first, second])) {
      try await pods.remove("cart")
    }
    await #expect(throws: Pods.Failure.ambiguous("a", [first, second])) {
      try await pods.remove("a")
    }
    for name in ["", "pay", "f"] {
      await #expect(throws: Pods.Failure.notFound(name)) { try await pods.remove(name) }
    }
    #expect(try await pods.list().count == 2)
    await server.stop()
  }

  @Test("a pod that someone else made is not restarted")
  func others() async throws {
    server.runtime.add(1)
    let id = FakeRuntime.container(1).container.id
    await #expect(throws: Pods.Failure.unknownConfiguration(id)) {
      try await pods.restart("pod-1")
    }
    #expect(try await pods.list().first?.container?.state == "running")
    await server.stop()
  }
}

import Foundation
import Testing

@testable import Collect

@Suite("Containers from crictl", .serialized)
struct CrictlSourceTests {
  let crictl: FakeCrictl

  init() throws { crictl = try FakeCrictl() }

  @Test("a running container of a real containerd is joined with its pod")
  func recorded() async throws {
    let snapshot = try await crictl.source().snapshot()
    #expect(snapshot.leftOut == [])
    #expect(
      snapshot.containers == [
        ContainerRecord(
          id: FakeCrictl.containerID, name: "server",
          podID: "0364f78b0d020d01b0affca9e03a827f4d77b307f16634f39621fe694e0e4f65", podUID: "u1",
          pod: "cartservice-0", namespace: "shop", image: "docker.io/local/busybox:1", node: "n1",
          attempt: 0, pid: 25543, cgroupPath: "/kubepods/pod1/" + FakeCrictl.containerID,
          cgroupID: 4711, startedAt: 1_795_470_373_484_289_696, labels: ["app": "cart"],
          state: .running)
      ])
  }

  @Test("a container is inspected once, and again when its state changes")
  func caching() async throws {
    let source = crictl.source()
    let inspect = "inspect -o json " + FakeCrictl.containerID
    _ = try await source.snapshot()
    #expect(try await source.snapshot().containers.count == 1)
    #expect(try crictl.log().filter { $0 == inspect }.count == 1)

    try crictl.edit("ps", "CONTAINER_RUNNING", "CONTAINER_EXITED")
    try crictl.edit("inspect", "CONTAINER_RUNNING", "CONTAINER_EXITED")
    try crictl.edit("inspect", "\"exitCode\": 0", "\"exitCode\": 137")
    try crictl.edit("inspect", "\"reason\": \"\"", "\"reason\": \"OOMKilled\"")
    try crictl.edit("inspect", "0001-01-01T00:00:00Z", "2026-11-23T23:46:14+01:00")
    let exited = try #require(try await source.snapshot().containers.first)
    #expect(
      exited.state
        == .exited(.init(code: 137, reason: "OOMKilled", finishedAt: 1_795_473_974_000_000_000)))
    #expect(exited.pid == nil)
    #expect(exited.cgroupID == nil)
    #expect(try crictl.log().filter { $0 == inspect }.count == 2)
  }

  @Test("a container that changes between ps and inspect is inspected again")
  func changesMeanwhile() async throws {
    let source = crictl.source()
    try crictl.edit("inspect", "CONTAINER_RUNNING", "CONTAINER_EXITED")
    let state = try await source.snapshot().containers.first?.state
    #expect(state == .exited(.init(code: 0)))
    try crictl.edit("inspect", "CONTAINER_EXITED", "CONTAINER_RUNNING")
    #expect(try await source.snapshot().containers.first?.state == .running)
  }

  @Test(
    "a container that is told too little of is left out with a reason",
    arguments: [
      ("inspect", "\"cgroupsPath\"", "\"renamed\"", "its status tells no cgroupsPath"),
      ("inspect", "\"pid\": 25543", "\"pid\": 0", "its status tells no pid"),
      ("inspect", "\"/kubepods/pod1/", "\"kubepods:pod1/", "no cgroup path"),
      ("inspect", "CONTAINER_RUNNING", "CONTAINER_REMOVING", "its state is CONTAINER_REMOVING"),
      ("inspect", "\"status\"", "\"renamed\"", "unexpected output"),
      ("pods", "\"0364f78b", "\"1364f78b", "is not listed"),
      ("pods", "\"metadata\"", "\"renamed\"", "is not listed"),
      ("ps", "\"name\": \"server\"", "\"name\": 7", "no container"),
      ("ps", "\"id\": \"996242ef", "\"id\": \"--help", "not a container's id"),
    ])
  func incomplete(file: String, old: String, new: String, reason: String) async throws {
    try crictl.edit(file, old, new)
    let snapshot = try await crictl.source().snapshot()
    #expect(snapshot.containers == [])
    let left = try #require(snapshot.leftOut.first)
    #expect(left.reason.contains(reason), "\(left.reason)")
  }

  @Test("a damaged container hides no other")
  func neighbours() async throws {
    try crictl.edit("ps", "\"containers\": [", "\"containers\": [{\"id\": 1}, null, [],")
    let snapshot = try await crictl.source().snapshot()
    #expect(snapshot.containers.count == 1)
    #expect(snapshot.leftOut.count == 3)
  }

  @Test("a container of a state to come is passed over")
  func unknownState() async throws {
    try crictl.edit("ps", "CONTAINER_RUNNING", "CONTAINER_DREAMING")
    #expect(try await crictl.source().snapshot() == RuntimeSnapshot())
  }

  @Test("a container that is only created is awaited until it starts")
  func created() async throws {
    let source = crictl.source()
    try crictl.edit("ps", "CONTAINER_RUNNING", "CONTAINER_CREATED")
    for _ in 0..<2 { #expect(try await source.snapshot() == RuntimeSnapshot(awaited: 1)) }
    #expect(try !crictl.log().contains { $0.hasPrefix("inspect") })
    try crictl.edit("ps", "CONTAINER_CREATED", "CONTAINER_RUNNING")
    let started = try await source.snapshot()
    #expect(started.awaited == 0)
    #expect(started.containers.map(\.id) == [FakeCrictl.containerID])
  }

  @Test(
    "output that ends at any byte is an error or names fewer containers",
    arguments: ["pods", "ps", "inspect"])
  func truncated(file: String) async throws {
    let whole = try FakeCrictl.recorded(file)
    // As decoding is what meets the damage, every length goes through it; a process each would take
    // minutes, so whole runs are made for some.
    for length in 0..<whole.count - 2 {
      let part = whole.prefix(length)
      let complete =
        switch file {
        case "pods": (try? JSONDecoder().decode(CrictlOutput.Pods.self, from: part)) != nil
        case "ps": (try? JSONDecoder().decode(CrictlOutput.Containers.self, from: part)) != nil
        default: (try? JSONDecoder().decode(CrictlOutput.Inspection.self, from: part)) != nil
        }
      #expect(!complete, "\(length) bytes of \(file)")
    }
    for length in stride(from: 0, to: whole.count - 2, by: whole.count / 7) {
      try crictl.directory.write(whole.prefix(length), to: file)
      do {
        let snapshot = try await crictl.source().snapshot()
        #expect(snapshot.containers == [] && snapshot.leftOut.count == 1)
      } catch CrictlSource.Failure.malformed(let command, _) {
        #expect(command == (file == "ps" ? "crictl ps -a -o json" : "crictl \(file) -o json"))
      }
    }
  }

  @Test("a crictl that is not there, fails or hangs is a typed error")
  func failures() async throws {
    await #expect {
      try await CrictlSource(path: "/nonexistent/crictl", node: "") { _ in nil }.snapshot()
    } throws: { error in
      "\(error)".hasPrefix("cannot run /nonexistent/crictl")
    }
    try crictl.script("echo 'no such socket' >&2; exit 3")
    await #expect {
      try await crictl.source().snapshot()
    } throws: { error in
      error as? CrictlSource.Failure
        == .command("\(crictl.path) pods -o json ended with status 3: no such socket")
    }
    try crictl.script("exec sleep 100")
    await #expect {
      try await crictl.source(timeout: .milliseconds(200)).snapshot()
    } throws: { error in
      "\(error)".contains("took longer than")
    }
  }

  @Test("a runtime that stops answering is waited for once, not for each container")
  func hangingInspect() async throws {
    try crictl.script("case $1 in inspect) exec sleep 100 ;; *) cat \"$here/$1\" ;; esac")
    let other = "{\"id\": \"aa\", \"podSandboxId\": \"bb\", \"metadata\": {\"name\": \"x\"},"
    try crictl.edit(
      "ps", "\"containers\": [",
      "\"containers\": [" + other + "\"state\": \"CONTAINER_RUNNING\"},")
    await #expect {
      try await crictl.source(timeout: .seconds(2)).snapshot()
    } throws: { error in
      (error as? CrictlSource.Failure)?.isTimeout == true
    }
    #expect(try crictl.log().filter { $0.hasPrefix("inspect") }.count == 1)
  }

  @Test("a time that has not come yet is none")
  func notStarted() async throws {
    try crictl.edit("inspect", "2026-11-23T21:46:13.484289696Z", "1970-01-01T00:00:00Z")
    let container = try #require(try await crictl.source().snapshot().containers.first)
    #expect(container.startedAt == nil)
  }

  @Test("a program that prints without end is stopped")
  func endless() async throws {
    var command = Command(executable: crictl.path)
    command.maximumOutput = 1 << 20
    try crictl.script("exec cat /dev/zero")
    await #expect(throws: Command.Failure.self) { try await command.output([]) }
  }

  @Test("the runtime's socket is handed to crictl")
  func endpoint() async throws {
    try crictl.script("exit 1")
    _ = try? await CrictlSource(path: crictl.path, endpoint: "unix:///x.sock", node: "") { _ in nil
    }
    .snapshot()
    #expect(try crictl.log() == ["--runtime-endpoint unix:///x.sock pods -o json"])
  }
}

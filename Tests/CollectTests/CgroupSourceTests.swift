import Foundation
import Testing

@testable import Collect

@Suite("Containers from cgroup paths")
struct CgroupSourceTests {
  private let tree: TemporaryDirectory
  private static let a = String(repeating: "0a", count: 32)
  private static let b = String(repeating: "1b", count: 32)
  private static let c = String(repeating: "2c", count: 32)

  init() throws { tree = try TemporaryDirectory() }

  private func cgroup(_ path: String, _ pids: String) throws {
    try tree.write(pids, to: path + "/cgroup.procs")
  }

  @Test("containers are found in the layouts of cgroupfs and of systemd")
  func layouts() async throws {
    let uid = "12345678-9abc-def0-1234-56789abcdef0"
    let slice = "kubepods-burstable-pod" + uid.replacingOccurrences(of: "-", with: "_") + ".slice"
    try cgroup("", "1\n")
    try cgroup("kubepods/burstable/pod\(uid)/\(Self.a)", "77\n42\n")
    try cgroup(
      "kubepods.slice/kubepods-burstable.slice/\(slice)/cri-containerd-\(Self.b).scope", "43\n")
    try cgroup("system.slice/docker-\(Self.c).scope", "44\n")
    try cgroup("system.slice/ssh.service", "45\n")
    try cgroup("system.slice/crio-conmon-\(Self.c).scope", "46\n")

    let source = CgroupSource(root: tree.path, node: "n1")
    let snapshot = try await source.snapshot()
    #expect(snapshot.containers.map(\.id) == [Self.b, Self.a, Self.c])
    #expect(snapshot.containers.map(\.pid) == [43, 42, 44])
    #expect(snapshot.containers.map(\.podUID) == [uid, uid, ""])
    #expect(snapshot.containers.map(\.name) == ["1b1b1b1b1b1b", "0a0a0a0a0a0a", "2c2c2c2c2c2c"])
    #expect(snapshot.containers.allSatisfy { $0.node == "n1" })
    for container in snapshot.containers {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: tree.path + container.cgroupPath)
      #expect(container.cgroupID == (attributes[.systemFileNumber] as? NSNumber)?.uint64Value)
      #expect(container.cgroupID != nil)
    }
  }

  @Test("a container with its processes in cgroups of its own is one container")
  func nested() async throws {
    try cgroup("docker/\(Self.a)", "")
    try cgroup("docker/\(Self.a)/init.scope/\(Self.b)", "50\n")
    let containers = try await CgroupSource(root: tree.path, node: "").snapshot().containers
    #expect(containers.map(\.id) == [Self.a])
    #expect(containers.map(\.pid) == [50])
  }

  @Test("a cgroup without a process, or with none that this host can name, is no container yet")
  func empty() async throws {
    try cgroup("docker/\(Self.a)", "")
    try cgroup("docker/\(Self.b)", "0\nx\n")
    #expect(try await CgroupSource(root: tree.path, node: "").snapshot() == RuntimeSnapshot())
  }

  @Test("a pattern chooses cgroups, and its star stops at slashes")
  func pattern() async throws {
    try cgroup("system.slice/ssh.service", "45\n")
    try cgroup("system.slice/a.slice/b.service", "46\n")
    try cgroup("docker/\(Self.a)", "47\n")
    let source = CgroupSource(root: tree.path, node: "", pattern: "/system.slice/*.service")
    let containers = try await source.snapshot().containers
    #expect(containers.map(\.id) == ["system.slice/ssh.service"])
    #expect(containers.map(\.cgroupPath) == ["/system.slice/ssh.service"])
  }

  @Test("a root that cannot be listed is an error, as no container would be a lie")
  func noRoot() async {
    await #expect(throws: CgroupSource.Failure.unreadable(directory: "/nonexistent")) {
      try await CgroupSource(root: "/nonexistent", node: "").snapshot()
    }
  }

  @Test(
    "names that only resemble a container's are not one",
    arguments: [
      "", ".scope", "docker-.scope", "docker-\(a)", "\(a)0", "\(a.dropLast())g", "x-\(a).scope",
      "crio-conmon-\(a).scope", "\(a).scope", a.uppercased(),
    ])
  func notContainers(name: String) {
    #expect(CgroupSource.containerID(ofDirectory: name[...]) == nil)
  }
}

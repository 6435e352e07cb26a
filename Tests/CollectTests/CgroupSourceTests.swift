import Foundation
import Testing

@testable import Collect

@Suite("Containers from cgroup paths")
struct CgroupSourceTests {
  private let tree: TemporaryDirectory
  private static let a = String(repeating: "0a", count: 32)
  private static let b = String(repeating: "1b", count: 32)
  private static let c = String(repeating: "2c", count: 32)
  private static let d = String(repeating: "3d", count: 32)

  init() throws { tree = try TemporaryDirectory() }

  private func cgroup(_ path: String, _ pids: String) throws {
    try tree.write(pids, to: path + "/cgroup.procs")
  }

  private func source(pattern: String? = nil) throws -> CgroupSource {
    let hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / \(tree.path) rw - cgroup2 cgroup2 rw")
    return try #require(CgroupSource(hierarchies: hierarchies, node: "n1", pattern: pattern))
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

    let snapshot = try await source().snapshot()
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
    try cgroup("docker/\(Self.a)/init.scope/sub", "50\n")
    let containers = try await source().snapshot().containers
    #expect(containers.map(\.id) == [Self.a])
    #expect(containers.map(\.pid) == [50])
  }

  @Test("a container within a container is one too, and has the pod that is nearest")
  func withinAnother() async throws {
    let pod = "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod0a_b.slice"
    try cgroup("system.slice/docker-\(Self.a).scope/init", "50\n")
    try cgroup("system.slice/docker-\(Self.a).scope/\(pod)/cri-containerd-\(Self.b).scope", "51\n")
    try cgroup("kubepods/pod7-7/\(Self.c)/init", "60\n")
    try cgroup("kubepods/pod7-7/\(Self.c)/docker/\(Self.d)", "61\n")
    let containers = try await source().snapshot().containers
    #expect(containers.map(\.id) == [Self.c, Self.d, Self.a, Self.b])
    #expect(containers.map(\.podUID) == ["7-7", "7-7", "", "0a-b"])
  }

  @Test("what has a container's id in a name that no runtime gives is told by its layout, once")
  func unknown() async throws {
    try cgroup("kubepods.slice/kata_\(Self.a)", "70\n")
    try cgroup("kubepods.slice/kata_\(Self.b)", "71\n")
    try cgroup("kubepods.slice/kata_\(Self.b)/x/\(Self.c)", "72\n")
    try cgroup("idle/new-\(Self.b)", "")
    let snapshot = try await source().snapshot()
    #expect(snapshot.containers.map(\.id) == [Self.c])
    // The third is a container, and its pod is what is not known.
    #expect(
      snapshot.unknownCgroups == [
        "/kubepods.slice/kata_<id>", "/kubepods.slice/kata_<id>/x/<id>",
      ])
  }

  @Test("of layouts that are not known, as many as one can read are told")
  func manyUnknown() async throws {
    for number in 0..<130 { try cgroup("x\(number)/new-\(Self.a)", "70\n") }
    #expect(try await source().snapshot().unknownCgroups.count == 100)
  }

  @Test("hybrid and v1: what has no v2 directory is found where the readings are, without an id")
  func legacy() async throws {
    try cgroup("v2/docker/\(Self.a)", "80\n")
    try cgroup("v2/docker/\(Self.b)", "")
    for id in [Self.a, Self.b, Self.c] { try cgroup("v1/docker/\(id)", "81\n") }
    let v1 = "33 31 0:30 / \(tree.path)/v1 rw - cgroup cgroup rw,cpu,cpuacct\n"
    let v2 = "41 31 0:38 / \(tree.path)/v2 rw - cgroup2 cgroup2 rw\n"
    let hybrid = try #require(
      CgroupSource(hierarchies: .init(mountinfo: v1 + v2), node: "n1"))
    let both = try await hybrid.snapshot().containers
    #expect(both.map(\.id) == [Self.a, Self.b, Self.c])
    #expect(both.map { $0.cgroupID != nil } == [true, false, false])
    let legacy = try #require(CgroupSource(hierarchies: .init(mountinfo: v1), node: "n1"))
    #expect(try await legacy.snapshot().containers.map(\.pid) == [81, 81, 81])
    #expect(CgroupSource(hierarchies: .init(mountinfo: ""), node: "n1") == nil)
  }

  @Test("paths count from the hierarchy's root where a part of it is mounted, or more than ours")
  func partial() async throws {
    try cgroup("docker/\(Self.a)", "90\n")
    for (root, path) in [("/system.slice", "/system.slice/docker/"), ("/../..", "/docker/")] {
      let hierarchies = CgroupHierarchies(
        mountinfo: "30 23 0:26 \(root) \(tree.path) rw - cgroup2 cgroup2 rw")
      let source = try #require(CgroupSource(hierarchies: hierarchies, node: "n1"))
      let container = try #require(try await source.snapshot().containers.first)
      #expect(container.cgroupPath == path + Self.a)
      #expect(container.cgroupID != nil)
      #expect(hierarchies.id(of: container.cgroupPath) == container.cgroupID)
    }
  }

  @Test("a cgroup without a process, or with none that this host can name, is no container yet")
  func empty() async throws {
    try cgroup("docker/\(Self.a)", "")
    try cgroup("docker/\(Self.b)", "0\nx\n")
    #expect(try await source().snapshot() == RuntimeSnapshot())
  }

  @Test("a pattern chooses cgroups, and its star stops at slashes")
  func pattern() async throws {
    try cgroup("system.slice/ssh.service", "45\n")
    try cgroup("system.slice/a.slice/b.service", "46\n")
    try cgroup("docker/\(Self.a)", "47\n")
    let containers = try await source(pattern: "/system.slice/*.service").snapshot().containers
    #expect(containers.map(\.id) == ["system.slice/ssh.service"])
    #expect(containers.map(\.cgroupPath) == ["/system.slice/ssh.service"])
  }

  @Test("a root that cannot be listed is an error, as no container would be a lie")
  func noRoot() async throws {
    let source = try #require(
      CgroupSource(
        hierarchies: .init(mountinfo: "30 23 0:26 / /nonexistent rw - cgroup2 cgroup2 rw"),
        node: "n1"))
    await #expect(throws: CgroupSource.Failure.unreadable(directory: "/nonexistent")) {
      try await source.snapshot()
    }
  }
}

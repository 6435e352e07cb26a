import Testing

@testable import Collect

@Suite("Where a runtime's container has its cgroup")
struct RuntimeMemoryTests {
  private static let id = String(repeating: "1b", count: 32)
  private static let configured = "kubepods-pod0a_1.slice:cri-containerd:\(id)"
  private static let expected = "/kubepods.slice/kubepods-pod0a_1.slice/cri-containerd-\(id).scope"
  private static let actual = "/system.slice/\(configured)"

  private func snapshot(
    configured: String = configured, ids: [String: UInt64], process: String?
  ) -> RuntimeSnapshot {
    var memory = RuntimeMemory(
      node: "n", cgroupID: { ids[$0] }, cgroupsOfProcess: { $0 == 42 ? process : nil })
    let listing = RuntimeListing(
      pods: [.init(id: "p", name: "cart", uid: "u", namespace: "shop", labels: [:])],
      containers: [
        .init(
          id: Self.id, podID: "p", name: "c", attempt: 0, image: "", state: .running, labels: [:])
      ])
    let status = RuntimeListing.Status(
      state: .running, startedAt: nil, finishedAt: nil, exitCode: nil, reason: "", image: "",
      pid: 42, cgroupsPath: configured)
    return memory.snapshot(of: listing, asked: [Self.id: .success(status)])
  }

  @Test("where its configuration says, if that is there")
  func asConfigured() {
    let found = snapshot(ids: [Self.expected: 7], process: "0::/elsewhere/\(Self.id)\n")
    #expect(found.containers.map(\.cgroupPath) == [Self.expected])
    #expect(found.containers.map(\.cgroupID) == [7])
    #expect(found.unknownCgroups.isEmpty)
  }

  @Test("where its process is, if the runtime's driver is not the kubelet's")
  func mixed() {
    let process = "0::\(Self.actual)/init.scope\n"
    let found = snapshot(ids: [Self.actual: 8], process: process)
    #expect(found.containers.map(\.cgroupPath) == [Self.actual])
    #expect(found.containers.map(\.cgroupID) == [8])
    #expect(found.containers.map(\.pod) == ["cart"])
  }

  @Test("a path without a root counts from the runtime's own cgroup, which its process knows")
  func relative() {
    let path = "shop/\(Self.id)"
    let found = snapshot(
      configured: path, ids: ["/a.slice/\(path)": 9], process: "0::/a.slice/\(path)\n")
    #expect(found.containers.map(\.cgroupID) == [9])
    #expect(snapshot(configured: path, ids: [:], process: nil).leftOut.map(\.id) == [Self.id])
  }

  @Test("a process in no cgroup of the container's is told by its layout, and has no cgroup id")
  func unknown() {
    let found = snapshot(
      ids: [:], process: "0::/kubepods/kata-\(String(repeating: "2", count: 64))\n")
    #expect(found.containers.map(\.cgroupPath) == [Self.expected])
    #expect(found.containers.map(\.cgroupID) == [nil])
    #expect(found.unknownCgroups == ["/kubepods/kata-<id>"])
    #expect(snapshot(ids: [:], process: nil).unknownCgroups.isEmpty)
  }
}

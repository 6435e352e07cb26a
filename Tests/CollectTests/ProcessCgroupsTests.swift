import Testing

@testable import Collect

@Suite("Which cgroups a process is in")
struct ProcessCgroupsTests {
  private static let id = String(repeating: "1b", count: 32)
  private static let mixed =
    "/system.slice/containerd.service/kubepods-pod0a_1.slice:cri-containerd:\(id)"

  @Test("v1: any controller's line that has the container, with the colons of its name")
  func legacy() {
    let cgroups = ProcessCgroups(
      text: "12:pids:/\n4:memory:\(Self.mixed)/init.scope\n1:name=systemd:\(Self.mixed)\n")
    #expect(cgroups.path(ofContainer: Self.id) == Self.mixed)
  }

  @Test("hybrid: the v2 line wins where it has the container, and does not where it has not")
  func hybrid() {
    let legacy = "4:memory:/docker/\(Self.id)\n"
    #expect(
      ProcessCgroups(text: legacy + "0::/a/\(Self.id)\n").path(ofContainer: Self.id)
        == "/a/\(Self.id)")
    #expect(
      ProcessCgroups(text: legacy + "0::/\n").path(ofContainer: Self.id) == "/docker/\(Self.id)")
  }

  @Test("another container's process, no container, and nonsense have no path")
  func none() {
    #expect(ProcessCgroups(text: "0::/docker/\(Self.id)").path(ofContainer: "ff") == nil)
    #expect(ProcessCgroups(text: "0::/docker/\(Self.id)").path(ofContainer: "") == nil)
    #expect(ProcessCgroups(text: "0::\n:::\n\n0:/x\n0:a:b\(Self.id)").paths == [])
  }
}

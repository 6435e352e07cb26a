import Testing

@testable import Collect

@Suite("What a runtime's configuration says")
struct CgroupsPathTests {
  @Test(
    "systemd's form names a scope within the slices above it",
    arguments: [
      ("/kubepods/pod1/a", "/kubepods/pod1/a"),
      (
        "kubepods-burstable-pod1_2.slice:cri-containerd:ab",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-ab.scope"
      ),
      (":docker:ab", "/system.slice/docker-ab.scope"),
      ("-.slice:crio:ab", "/crio-ab.scope"),
      ("user.slice:x:own.slice", "/user.slice/own.slice"),
    ])
  func systemd(cgroupsPath: String, path: String) {
    #expect(SystemdCgroupPath.expanded(cgroupsPath) == path)
  }

  @Test(
    "what is neither a path nor systemd's form has no path",
    arguments: [
      "", "a", "a:b", "a.slice:b:", "a.slice:b:c:d", "a:b:c", "a--b.slice:b:c", "a/b.slice:b:c",
      "a.slice:b:../c", ".slice:b:c",
    ])
  func neither(cgroupsPath: String) {
    #expect(SystemdCgroupPath.expanded(cgroupsPath) == nil)
  }
}

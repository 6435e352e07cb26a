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

  @Test(
    "times are read to the nanosecond, with any offset",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("2026-11-23T21:46:13.484289696Z", 1_795_470_373_484_289_696),
      ("2026-11-23T21:46:13.5Z", 1_795_470_373_500_000_000),
      ("2026-11-24T03:16:13+05:30", 1_795_470_373_000_000_000),
      ("2026-11-23T13:46:13-08:00", 1_795_470_373_000_000_000),
      ("2024-02-29T23:59:59Z", 1_709_251_199_000_000_000),
      ("1969-12-31T23:59:59.999999999Z", -1),
    ] as [(String, Int64)])
  func times(text: String, timestamp: Int64) {
    #expect(RFC3339.timestamp(text) == timestamp)
  }

  @Test(
    "what is no time, or before the first that can be stored, is none",
    arguments: [
      "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-23T21:46:13", "2026-11-23",
      "2026-13-23T21:46:13Z", "2026-11-23T21:46:13.Z", "2026-11-23T21:46:13.1234567890Z",
      "2026-11-23T21:46:13Zx", "2026-11-23T21:46:13+1:00", "2026-11-23T21:46:+3Z",
    ])
  func notTimes(text: String) {
    #expect(RFC3339.timestamp(text) == nil)
  }
}

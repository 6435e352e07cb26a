import Testing

@testable import Collect

@Suite("Where cgroup controllers are mounted")
struct CgroupHierarchiesTests {
  private static let hybrid = """
    27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory
    40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

    """

  private func place(_ hierarchies: CgroupHierarchies, _ controller: String) -> String? {
    hierarchies.directory(of: "/a/b", controller: controller).map {
      "\($0.version) \($0.directory)"
    }
  }

  @Test("hybrid: controllers in their own hierarchies, ids in the unified one")
  func hybrid() {
    let hierarchies = CgroupHierarchies(mountinfo: Self.hybrid)
    #expect(place(hierarchies, "cpuacct") == "v1 /sys/fs/cgroup/cpu,cpuacct/a/b")
    #expect(place(hierarchies, "memory") == "v1 /sys/fs/cgroup/memory/a/b")
    #expect(place(hierarchies, "io") == "v2 /sys/fs/cgroup/unified/a/b")
    #expect(hierarchies.unified?.directory(of: "/") == "/sys/fs/cgroup/unified")
    #expect(hierarchies.legacy["rw"] == nil)
  }

  @Test("v2 has all controllers")
  func unified() {
    let hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate")
    #expect(place(hierarchies, "memory") == "v2 /sys/fs/cgroup/a/b")
    #expect(place(hierarchies, "cpuacct") == "v2 /sys/fs/cgroup/a/b")
  }

  @Test("v1 alone has no ids")
  func legacy() {
    let hierarchies = CgroupHierarchies(
      mountinfo: "35 31 0:32 / /cg/memory rw - cgroup cgroup ro,memory")
    #expect(place(hierarchies, "memory") == "v1 /cg/memory/a/b")
    #expect(place(hierarchies, "cpuacct") == nil)
    #expect(hierarchies.id(of: "/") == nil)
  }

  @Test("of a part of the hierarchy, only what is below it has a directory")
  func bind() {
    let part = CgroupHierarchies(
      mountinfo: "30 23 0:26 /a /mnt/cgroup\\040here rw - cgroup2 cgroup2 rw")
    #expect(part.unified?.directory(of: "/a/b") == "/mnt/cgroup here/b")
    #expect(part.unified?.directory(of: "/a") == "/mnt/cgroup here")
    #expect(part.unified?.directory(of: "/ab") == nil)
    #expect(part.unified?.directory(of: "/a/../../etc") == nil)
    #expect(part.unified?.directory(of: "a") == nil)
  }

  @Test("a mount from above the cgroup namespace shows most, and its root is the runtime's")
  func above() {
    // A pod's own mount, and the host's as a volume (cgroup_namespaces(7)).
    let text = """
      30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw
      31 23 0:26 /../../.. /host/cgroup ro - cgroup2 cgroup2 rw
      """
    for text in [text, text.split(separator: "\n").reversed().joined(separator: "\n")] {
      let mount = CgroupHierarchies(mountinfo: text).unified
      #expect(mount?.directory == "/host/cgroup")
      #expect(mount?.directory(of: "/kubepods/a") == "/host/cgroup/kubepods/a")
      // As a process of the pod sees another one.
      #expect(mount?.directory(of: "/../../../kubepods/a") == "/host/cgroup/kubepods/a")
      #expect(mount?.directory(of: "/../../../../etc") == nil)
      #expect(mount?.directory(of: "/../kubepods/a") == nil)
    }
  }

  @Test("the mount that shows most counts, whichever is first")
  func twice() {
    let lines = [
      "30 23 0:26 /a /part rw - cgroup2 cgroup2 rw", "31 23 0:26 / /all rw - cgroup2 cgroup2 rw",
    ]
    for text in [lines, lines.reversed()].map({ $0.joined(separator: "\n") }) {
      #expect(CgroupHierarchies(mountinfo: text).unified?.directory == "/all")
    }
  }

  @Test("damaged text, cut at any byte, has fewer mounts and harms nothing")
  func damaged() {
    let bytes = Array(Self.hybrid.utf8)
    let whole = CgroupHierarchies(mountinfo: Self.hybrid)
    for length in 0...bytes.count {
      let part = CgroupHierarchies(
        mountinfo: String(decoding: bytes[..<length], as: UTF8.self))
      #expect(part.unified == nil || part.unified == whole.unified)
      #expect(part.legacy.count <= whole.legacy.count)
    }
    #expect(
      CgroupHierarchies(mountinfo: "- - - - - - - -\n1 2 3 - cgroup2") == .init(mountinfo: ""))
  }
}

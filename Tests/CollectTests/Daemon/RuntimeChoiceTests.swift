import Testing

@testable import Collect

@Suite("Who is asked which containers there are")
struct RuntimeChoiceTests {
  private func resolved(_ choice: RuntimeChoice, there: [String]) -> RuntimeChoice {
    choice.resolved(searchPath: "/usr/bin:/opt/bin") { there.contains($0) }
  }

  @Test("without a choice: a socket, else crictl, else the cgroups")
  func automatic() {
    let everything = ["/var/run/cri-dockerd.sock", "/run/crio/crio.sock", "/opt/bin/crictl"]
    #expect(resolved(.automatic, there: everything) == .cri("/run/crio/crio.sock"))
    #expect(resolved(.automatic, there: ["/opt/bin/crictl"]) == .crictl("/opt/bin/crictl"))
    #expect(resolved(.automatic, there: []) == .cgroup(nil))
  }

  @Test("a choice stands, whatever else is there")
  func chosen() {
    for choice in [.cri("/s"), .crictl("crictl"), .cgroup(nil), .cgroup("/a/*")] as [RuntimeChoice]
    {
      #expect(resolved(choice, there: ["/run/crio/crio.sock"]) == choice)
    }
  }

  @Test("cgroups are looked at again and again: processes come and go in them without a change")
  func changesWithCgroups() {
    #expect(RuntimeChoice.cri("/s").changesWithCgroups)
    #expect(RuntimeChoice.crictl("crictl").changesWithCgroups)
    #expect(!RuntimeChoice.cgroup(nil).changesWithCgroups)
    #expect(!RuntimeChoice.cgroup("/a/*").changesWithCgroups)
  }

  @Test("what is not there is said")
  func unusable() {
    let none = CgroupHierarchies(mountinfo: "")
    for (choice, message) in [
      (.crictl("/no/such/crictl"), "/no/such/crictl: no such program"),
      (.crictl("no-such-crictl"), "no-such-crictl: no such program"),
      (.cgroup(nil), "no cgroup hierarchy is mounted"),
    ] as [(RuntimeChoice, String)] {
      #expect(throws: RuntimeChoice.Unusable(description: message)) {
        try choice.source(node: "n", hierarchies: none, searchPath: "/usr/bin")
      }
    }
  }
}

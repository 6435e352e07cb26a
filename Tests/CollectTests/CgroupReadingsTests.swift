import Foundation
import Testing

@testable import Collect

@Suite("Readings of a cgroup")
struct CgroupReadingsTests {
  @Test("v2: processor time in nanoseconds, memory, processes killed")
  func unified() throws {
    let tree = try TemporaryDirectory()
    try tree.write("usage_usec 1234567\nuser_usec 1000000\n", to: "a/cpu.stat")
    try tree.write("4096\n", to: "a/memory.current")
    try tree.write("low 0\noom 5\noom_kill 3\noom_group_kill 0\n", to: "a/memory.events")
    let hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / \(tree.path) rw - cgroup2 cgroup2 rw")
    #expect(
      CgroupReadings(of: "/a", in: hierarchies)
        == CgroupReadings(cpuNanoseconds: 1_234_567_000, memoryBytes: 4096, oomKills: 3))
    #expect(CgroupReadings(of: "/gone", in: hierarchies) == CgroupReadings())
  }

  @Test("v1: each controller's files in its own hierarchy")
  func legacy() throws {
    let tree = try TemporaryDirectory()
    try tree.write("1234567891\n", to: "cpuacct/a/cpuacct.usage")
    try tree.write("8192\n", to: "memory/a/memory.usage_in_bytes")
    try tree.write(
      "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", to: "memory/a/memory.oom_control")
    let hierarchies = CgroupHierarchies(
      mountinfo: """
        30 23 0:26 / \(tree.path)/cpuacct rw - cgroup cgroup rw,cpuacct
        31 23 0:27 / \(tree.path)/memory rw - cgroup cgroup rw,memory
        """)
    #expect(
      CgroupReadings(of: "/a", in: hierarchies)
        == CgroupReadings(cpuNanoseconds: 1_234_567_891, memoryBytes: 8192, oomKills: 2))
  }

  @Test(
    "what is no number is unknown, not 0",
    arguments: [
      "", "\n", "x", "-1", "usage_usec", "usage_usec x", "usage_usec 18446744073709551615",
    ])
  func nonsense(text: String) throws {
    let tree = try TemporaryDirectory()
    for file in ["cpu.stat", "memory.current", "memory.events"] {
      try tree.write(text, to: "a/" + file)
    }
    let hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / \(tree.path) rw - cgroup2 cgroup2 rw")
    #expect(CgroupReadings(of: "/a", in: hierarchies) == CgroupReadings())
  }

  @Test("a counter that went back, or that is unknown, has no difference")
  func differences() {
    let earlier = CgroupReadings(cpuNanoseconds: 100, oomKills: 1)
    let later = CgroupReadings(cpuNanoseconds: 350, oomKills: 1)
    #expect(later.cpuUsage(since: earlier) == 250)
    #expect(later.oomKills(since: earlier) == 0)
    #expect(earlier.cpuUsage(since: later) == nil)
    #expect(later.cpuUsage(since: CgroupReadings()) == nil)
    #expect(CgroupReadings().oomKills(since: earlier) == nil)
  }

  /// Needs root, as the collector does.
  @Test("a process in a real cgroup of this machine uses the time and memory that is read")
  func real() async throws {
    let hierarchies = try CgroupHierarchies.current()
    let path = "/vigil-collect-test-\(UUID().uuidString)"
    let directories = Set(
      ["cpuacct", "memory"].compactMap {
        hierarchies.directory(of: path, controller: $0)?.directory
      } + [hierarchies.unified?.directory(of: path)].compactMap { $0 })
    try #require(!directories.isEmpty)
    for directory in directories {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: false)
    }
    defer { for directory in directories { rmdir(directory) } }
    #expect(hierarchies.id(of: path) != nil)
    let before = CgroupReadings(of: path, in: hierarchies)
    #expect(before.cpuNanoseconds != nil)
    #expect(before.oomKills == 0)

    // The shell moves itself before it works, so all its work is counted; then it waits to be read.
    let moves = directories.map { "echo $$ > '\($0)/cgroup.procs'" }.joined(separator: " && ")
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = [
      "-c",
      "\(moves) || exit 1; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read x",
    ]
    let input = Pipe()
    let output = Pipe()
    shell.standardInput = input
    shell.standardOutput = output
    try shell.run()
    let said = output.fileHandleForReading.availableData
    let after = CgroupReadings(of: path, in: hierarchies)
    let source = try #require(CgroupSource(hierarchies: hierarchies, node: "", pattern: path))
    let sources = try await source.snapshot().containers
    try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    shell.waitUntilExit()

    #expect(String(decoding: said, as: UTF8.self) == "done\n")
    #expect(shell.terminationStatus == 0)
    // 300,000 rounds of a shell's loop take some tens of milliseconds.
    #expect(try #require(after.cpuUsage(since: before)) > 5_000_000)
    #expect(try #require(after.memoryBytes) > 0)
    #expect(after.oomKills(since: before) == 0)
    #expect(sources.map(\.pid) == [shell.processIdentifier])
    #expect(sources.map(\.cgroupID) == [hierarchies.id(of: path)])
  }
}

import Foundation
import Testing

@testable import Collect

@Suite("What a container's cgroup says")
struct CgroupReaderTests {
  private let files: TemporaryDirectory
  private let hierarchies: CgroupHierarchies

  init() throws {
    files = try TemporaryDirectory()
    hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / \(files.path) rw - cgroup2 cgroup2 rw")
    try files.write("usage_usec 7\n", to: "pod/a/cpu.stat")
    try files.write("4096\n", to: "pod/a/memory.current")
  }

  private func record(cgroupID: UInt64?) -> ContainerRecord {
    ContainerRecord(id: "a", name: "a", cgroupPath: "/pod/a", cgroupID: cgroupID)
  }

  @Test("its files are read")
  func read() {
    let sample = CgroupFileReader(hierarchies: hierarchies).sample(
      of: record(cgroupID: hierarchies.id(of: "/pod/a")))
    #expect(sample?.readings == CgroupReadings(cpuNanoseconds: 7000, memoryBytes: 4096))
    #expect(sample?.nested == [])
  }

  @Test("another cgroup at its path, and none, say nothing of it")
  func otherCgroup() throws {
    let reader = CgroupFileReader(hierarchies: hierarchies)
    let id = try #require(hierarchies.id(of: "/pod/a"))
    #expect(reader.sample(of: record(cgroupID: id + 1)) == nil)
    try FileManager.default.removeItem(atPath: files.path + "/pod/a")
    #expect(reader.sample(of: record(cgroupID: id)) == nil)
    #expect(reader.sample(of: record(cgroupID: nil)) == nil)
  }

  /// Not every file system counts a directory's subdirectories as its links, as cgroups do.
  private static func countsSubdirectories() throws -> Bool {
    let files = try TemporaryDirectory()
    try files.write("", to: "a/b/c")
    let attributes = try FileManager.default.attributesOfItem(atPath: files.path + "/a")
    return attributes[.referenceCount] as? Int == 3
  }

  @Test("the cgroups below it are found, at any depth", .enabled { try countsSubdirectories() })
  func nested() throws {
    try files.write("", to: "pod/a/init.scope/cgroup.procs")
    try files.write("", to: "pod/a/system.slice/x.service/cgroup.procs")
    let sample = CgroupFileReader(hierarchies: hierarchies).sample(
      of: record(cgroupID: hierarchies.id(of: "/pod/a")))
    let expected = ["/pod/a/init.scope", "/pod/a/system.slice", "/pod/a/system.slice/x.service"]
      .map { hierarchies.id(of: $0) }
    #expect(Set(sample?.nested ?? []) == Set(expected.compactMap { $0 }))
    #expect(sample?.nested.count == 3)
  }
}

import Foundation
import Testing

@testable import Collect

/// The probe in the kernel of this machine. Calls are counted against a second run of the same
/// program that makes none of them, so the counts must match exactly.
@Suite(.serialized, .enabled(if: KernelTest.isPossible)) struct RawProbeTests {
  private static let calls = """
    for (1..$n) { \
    syscall(\(SystemCallNumbers.mmap), 0, 4096, 3, 0x22, -1, 0); \
    open($f, "<", "/dev/null"); close($f) } \
    for (1..1000) { getppid() }
    """

  private func counts(_ probe: RawProbe, of id: UInt64) async throws -> [Parameter: UInt64] {
    let reading = try #require(await probe.read())
    return reading.totals.compactMapValues { $0[id] }
  }

  private func expectExactCounts(slotBits: Int, hashEntries: UInt32) async throws {
    let mount = try #require(KernelTest.hierarchy)
    let probe = try RawProbe(
      hierarchy: mount, slotBits: slotBits, hashEntries: hashEntries)
    let cgroup = try TestCgroup("exact\(slotBits)")
    let other = try TestCgroup("other\(slotBits)")
    try cgroup.run(perl: "$n = 0; " + Self.calls)
    let base = try await counts(probe, of: cgroup.id)
    try other.run(perl: "$n = 5; " + Self.calls)
    try cgroup.run(perl: "$n = 2000; " + Self.calls)
    let after = try await counts(probe, of: cgroup.id)
    // The second run's own calls are those of the first.
    func workload(_ parameter: Parameter) -> UInt64 {
      (after[parameter] ?? 0) &- 2 &* (base[parameter] ?? 0)
    }
    #expect(workload(.mmapCalls) == 2000)
    #expect(workload(.fileAccess) == 2000)
    #expect(base[.systemCalls].map { $0 > 1000 } ?? false)
    // perl sets close-on-exec and asks whether it is a terminal, for each file.
    #expect(workload(.systemCalls) >= 2000 * 3)
    // perl itself touches hundreds of pages. It was never looked at while it ran.
    #expect(base[.pageFaults].map { $0 > 100 } ?? false)
    let lost = await probe.read()?.lostEvents
    #expect(lost == 0)
    await probe.stop()
    let reading = await probe.read()
    #expect(reading == nil)
  }

  @Test func countsAreExact() async throws {
    try await expectExactCounts(slotBits: 10, hashEntries: 4096)
  }

  @Test func cgroupsThatShareASlotAreCountedExactlyToo() async throws {
    try await expectExactCounts(slotBits: 0, hashEntries: 4096)
  }

  @Test func processesOnStacksThatOthersHadAreCountedExactly() async throws {
    let probe = try RawProbe(hierarchy: KernelTest.hierarchy)
    let first = try TestCgroup("stacks1")
    let second = try TestCgroup("stacks2")
    try first.run(perl: "$n = 0; " + Self.calls)
    let base = try #require(try await counts(probe, of: first.id)[.mmapCalls])
    let runs: UInt64 = 30
    for _ in 0..<runs {
      try first.run(perl: "$n = 100; " + Self.calls)
      try second.run(perl: "$n = 7; " + Self.calls)
    }
    let inFirst = try await counts(probe, of: first.id)[.mmapCalls]
    let inSecond = try await counts(probe, of: second.id)[.mmapCalls]
    #expect(inFirst == base + runs * (base + 100))
    #expect(inSecond == runs * (base + 7))
    await probe.stop()
  }

  @Test func whatAProcessDoesAfterItWasMovedIsTheNewCgroups() async throws {
    let probe = try RawProbe(hierarchy: KernelTest.hierarchy)
    let cgroups = try [TestCgroup("from"), TestCgroup("to")]
    let process = try PromptedProcess(in: cgroups[0])
    for round in 0..<10 {
      let (there, elsewhere) = (cgroups[round % 2], cgroups[1 - round % 2])
      if round > 0 { try process.move(to: there) }
      let before = try await counts(probe, of: elsewhere.id)[.systemCalls] ?? 0
      for _ in 0..<100 { _ = try process.faults(touching: 0) }
      let after = try await counts(probe, of: elsewhere.id)[.systemCalls] ?? 0
      #expect(after == before)
      let opened = try await counts(probe, of: there.id)[.fileAccess] ?? 0
      // It opens one file each time that it is asked.
      #expect(opened >= 100 * UInt64(round / 2 + 1))
    }
    process.end()
    await probe.stop()
  }

  @Test func pageFaultsAreThoseThatTheKernelCountsForTheTask() async throws {
    let probe = try RawProbe(hierarchy: KernelTest.hierarchy)
    #expect(probe.pageFaultsRefused == nil)
    let cgroup = try TestCgroup("faults")
    let process = try PromptedProcess(in: cgroup)
    func counted(_ cgroup: TestCgroup) async throws -> UInt64 {
      try await counts(probe, of: cgroup.id)[.pageFaults] ?? 0
    }
    // What it does for the first time may touch pages of its own.
    for _ in 0..<3 { _ = try process.faults(touching: 1) }
    let told = try process.faults(touching: 0)
    let before = try await counted(cgroup)
    let again = try await counted(cgroup)
    #expect(again == before)
    // Several pages may come with one fault, where the kernel uses huge ones.
    var toldNow = told
    while toldNow < told + 500 { toldNow = try process.faults(touching: 1000) }
    let after = try await counted(cgroup)
    let difference = Int(after - before) - Int(toldNow - told)
    #expect(abs(difference) <= 5, "\(after - before) counted, \(toldNow - told) told")

    // What it had before it was moved is not the new cgroup's, though nobody has looked at it since.
    let other = try TestCgroup("moved")
    let known = toldNow
    while toldNow < known + 500 { toldNow = try process.faults(touching: 1000) }
    try process.move(to: other)
    let moved = try process.faults(touching: 0)
    let foundThere = try await counted(other)
    #expect(foundThere <= 5 + moved - toldNow)
    while toldNow < moved + 500 { toldNow = try process.faults(touching: 1000) }
    process.end()
    let atEnd = try await counted(other)
    #expect(atEnd >= toldNow - moved)
    let left = try await counted(cgroup)
    #expect(left <= after + 5)
    await probe.stop()
  }

  @Test func whatHasNoRoomIsCountedAsLost() async throws {
    let mount = try #require(KernelTest.hierarchy)
    let probe = try RawProbe(hierarchy: mount, slotBits: 0, hashEntries: 1)
    // The kernel gives some more entries than asked for, by the number of processors.
    let processors = try #require(PossibleProcessors.current()).count
    let cgroups = try (0..<(4 + 4 * processors)).map { try TestCgroup("lost\($0)") }
    for cgroup in cgroups { try cgroup.run(perl: "getppid() for 1..1000") }
    let reading = try #require(await probe.read())
    #expect(reading.lostEvents >= 1000)
    await probe.stop()
  }

  @Test func roomOfACgroupThatIsGoneIsGivenToOthers() async throws {
    let mount = try #require(KernelTest.hierarchy)
    let probe = try RawProbe(hierarchy: mount)
    var id: UInt64 = 0
    do {
      let cgroup = try TestCgroup("gone")
      id = cgroup.id
      try cgroup.run(perl: "getppid()")
    }
    let kept = try TestCgroup("kept")
    try kept.run(perl: "getppid()")
    let counted = try await counts(probe, of: id)
    #expect(!counted.isEmpty)
    for _ in 0..<100 { _ = await probe.read() }
    let gone = try await counts(probe, of: id)
    let there = try await counts(probe, of: kept.id)
    #expect(gone.isEmpty)
    #expect(!there.isEmpty)
    await probe.stop()
  }
}

import Foundation
import Logging
import Testing

@testable import Collect

/// What this machine lacks for counting with the real bpftrace; nil if nothing.
private let lacking: String? = {
  guard KernelTest.isPossible else { return "root or no cgroup v2 hierarchy" }
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  let isInstalled = path.split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: $0 + "/bpftrace")
  }
  if !isInstalled { return "bpftrace" }
  return BpftraceSettings().events.contains { access($0, R_OK) == 0 } ? nil : "tracefs"
}()

@Suite(
  "The real bpftrace", .serialized,
  .enabled(if: lacking == nil, "NOT TESTED, as there is no \(lacking ?? "")"))
struct RealBpftraceTests {
  @Test("counts a workload of known size exactly, and goes on after it was killed")
  func workload() async throws {
    var settings = BpftraceSettings()
    settings.programs = Checkout.programs
    settings.firstWait = .milliseconds(1)
    let probe = BpftraceProbe(settings: settings, logger: .silent)
    await probe.start()
    defer { Task { await probe.stop() } }
    let first = try await probe.firstReading()
    #expect(Set(first.totals.keys) == BpftraceSettings.allParameters)
    #expect(await probe.missing() == [:])

    let count: UInt64 = 200
    let mmaps: UInt64 = 300
    let cgroup = try TestCgroup("bpftrace")
    try cgroup.run(
      perl: """
        for (1..\(count)) {
          open(my $file, "<", "/dev/null");
          my $child = fork;
          exit 0 if $child == 0;
          waitpid($child, 0);
        }
        syscall(\(SystemCallNumbers.mmap), 0, 4096, 1, 0x22, -1, 0) for 1..\(mmaps);
        """)
    let after = try #require(await probe.read())
    #expect(after.run == first.run)
    // The shell's turning into perl, each child's fork and exit, and the exit of perl itself.
    #expect(after.totals[.processLifecycleEvents]?[cgroup.id] == 2 * count + 2)
    // Perl opens and maps some files of its own, at most a hundred.
    #expect((count...count + 100).contains(after.totals[.fileAccess]?[cgroup.id] ?? 0))
    #expect((mmaps...mmaps + 100).contains(after.totals[.mmapCalls]?[cgroup.id] ?? 0))
    #expect(after.totals[.pageFaults]?[cgroup.id] ?? 0 >= count)
    #expect(after.totals[.systemCalls]?[cgroup.id] ?? 0 >= count)

    kill(try #require(await probe.processID), SIGKILL)
    let second = try await probe.firstReading { $0.run != first.run }
    #expect(second.run == first.run + 1)
    #expect(second.totals[.processLifecycleEvents]?[cgroup.id] == nil)

    let process = try #require(await probe.processID)
    await probe.stop()
    #expect(kill(process, 0) != 0)
    #expect(await probe.read() == nil)
  }

  @Test("counts the page faults where the kernel does not describe its types")
  func pageFaultsInstead() async throws {
    var settings = ProbeSettings()
    settings.programs = Checkout.programs
    settings.kernelTypes = "/nonexistent"
    let probes = await settings.start(hierarchies: try .current(), logger: .silent)
    let raw = try #require(probes.first as? RawProbe)
    let bpftrace = try #require(probes.last as? BpftraceProbe)
    #expect(raw.pageFaultsRefused == BPFError("tell the kernel's types", ENOENT))
    let first = try #require(await raw.read())
    #expect(Set(first.totals.keys) == [.systemCalls, .mmapCalls, .fileAccess])
    let others = try await bpftrace.firstReading()
    #expect(
      Set(others.totals.keys) == [.pageFaults, .blockRequests, .processLifecycleEvents])

    let children: UInt64 = 100
    let cgroup = try TestCgroup("instead")
    try cgroup.run(perl: "for (1..\(children)) { exit 0 if !fork; wait }")
    let calls = try #require(await raw.read()?.totals[.systemCalls]?[cgroup.id])
    let faults = try #require(await bpftrace.read()?.totals[.pageFaults]?[cgroup.id])
    #expect(calls >= 2 * children)
    // Each child writes to pages that it shares with its parent.
    #expect(faults >= children)
    for probe in probes { await probe.stop() }
  }
}

import Foundation
import Logging
import Testing

@testable import Collect

/// What this machine lacks for counting with the real bpftrace; nil if nothing.
private let lacking: String? = {
  if geteuid() != 0 { return "root" }
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  let isInstalled = path.split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: $0 + "/bpftrace")
  }
  if !isInstalled { return "bpftrace" }
  if !BpftraceSettings().events.contains(where: { access($0, R_OK) == 0 }) { return "tracefs" }
  guard let unified = try? CgroupHierarchies.current().unified, access(unified.directory, W_OK) == 0
  else { return "a cgroup v2 hierarchy" }
  return nil
}()

@Suite("The real bpftrace", .serialized)
struct RealBpftraceTests {
  @Test(
    "counts a workload of known size exactly, and goes on after it was killed",
    .enabled(if: lacking == nil, "NOT TESTED, as there is no \(lacking ?? "")"))
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

    let forks: UInt64 = 50
    let cgroup = try TemporaryCgroup()
    try cgroup.run("i=0; while [ $i -lt \(forks) ]; do (:); i=$((i+1)); done")
    let after = try #require(await probe.read())
    #expect(after.run == first.run)
    // Each subshell's fork and exit, and the exit of the shell itself.
    #expect(after.totals[.processLifecycleEvents]?[cgroup.id] == 2 * forks + 1)
    #expect(after.totals[.pageFaults]?[cgroup.id] ?? 0 >= forks)
    #expect(after.totals[.systemCalls]?[cgroup.id] ?? 0 >= forks)

    kill(try #require(await probe.processID), SIGKILL)
    let second = try await probe.firstReading { $0.run != first.run }
    #expect(second.run == first.run + 1)
    #expect(second.totals[.processLifecycleEvents]?[cgroup.id] == nil)

    let process = try #require(await probe.processID)
    await probe.stop()
    #expect(kill(process, 0) != 0)
    #expect(await probe.read() == nil)
  }
}

/// A cgroup of a test's own, removed with the value.
private final class TemporaryCgroup {
  let directory: String
  let id: UInt64

  init() throws {
    let unified = try #require(try CgroupHierarchies.current().unified)
    directory = unified.directory + "/vigil-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    id = try #require(CgroupHierarchies.inode(ofDirectory: directory))
  }

  /// Runs a shell script in it.
  func run(_ script: String) throws {
    let shell = try Process.run(
      URL(fileURLWithPath: "/bin/sh"),
      arguments: ["-c", "echo $$ > '\(directory)/cgroup.procs' || exit 1\n\(script)"])
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
  }

  deinit { rmdir(directory) }
}

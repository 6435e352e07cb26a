import Foundation
import Logging
import Testing

@testable import Collect

@Suite("bpftrace's supervision")
struct BpftraceProbeTests {
  /// Starts a probe, hands it to `body`, and stops it.
  private func with(
    _ probe: BpftraceProbe, _ body: (BpftraceProbe) async throws -> Void
  ) async throws {
    await probe.start()
    do { try await body(probe) } catch {
      await probe.stop()
      throw error
    }
    await probe.stop()
  }

  private func missing(
    _ probe: BpftraceProbe, where isWanted: ([Parameter: String]) -> Bool
  ) async throws -> [Parameter: String] {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      _ = await probe.read()
      let missing = await probe.missing()
      if isWanted(missing) { return missing }
      try await Task.sleep(for: .milliseconds(2))
    }
    throw BpftraceProbe.NoReading(missing: await probe.missing())
  }

  @Test("totals are read, and a map that was not printed counts nothing")
  func totals() async throws {
    try await with(try FakeBpftrace("answers 5").probe()) { probe in
      let reading = try await probe.firstReading()
      #expect(
        reading.totals == [
          .systemCalls: [:], .mmapCalls: [:], .pageFaults: [7: 5], .blockRequests: [:],
          .fileAccess: [:], .processLifecycleEvents: [:],
        ])
      #expect(reading.run == 1)
      #expect(reading.lostEvents == 0)
      #expect(await probe.missing() == [:])
    }
  }

  @Test("before it was started, and after it was stopped, there is no reading")
  func unstarted() async throws {
    let fake = try FakeBpftrace("answers")
    let probe = fake.probe()
    #expect(await probe.read() == nil)
    #expect(Set(await probe.missing().keys) == BpftraceSettings.allParameters)
    try await with(probe) { _ = try await $0.firstReading() }
    #expect(await probe.read() == nil)
    #expect(await probe.missing()[.pageFaults] == "bpftrace was stopped")
    #expect(await probe.processID == nil)
    let process = try #require(fake.starts().first)
    #expect(kill(process, 0) != 0, "the process was left")
    await probe.start()
    #expect(await probe.processID == nil, "a stopped probe was started again")
  }

  @Test("one that dies is started anew as another run, and why is told")
  func death() async throws {
    let log = KeptLog.Lines()
    let fake = try FakeBpftrace(
      """
      if [ $run = 1 ]; then
        read -r question <&3; answer "$question"
        read -r question <&3; echo "fatal: out of luck" >&2; exit 3
      fi
      answers
      """)
    var settings = fake.settings
    settings.answerLimit = .seconds(60)
    try await with(fake.probe(settings, log: log)) { probe in
      let first = try await probe.firstReading()
      let second = try await probe.firstReading { $0.run != first.run }
      #expect(first.run == 1 && second.run == 2)
    }
    #expect(log.all.contains { $0.contains("bpftrace ended with status 3: fatal: out of luck") })
  }

  @Test("while it cannot be started, what is missing is told with its last words")
  func failing() async throws {
    let fake = try FakeBpftrace(
      """
      echo "ERROR: bpftrace currently only supports running as the root user." >&2
      echo "" >&2
      exit 1
      """)
    try await with(fake.probe()) { probe in
      let missing = try await missing(probe) { $0[.pageFaults]?.contains("root user") ?? false }
      #expect(Set(missing.keys) == BpftraceSettings.allParameters)
    }
  }

  @Test("one that was never installed is told of")
  func notInstalled() async throws {
    let fake = try FakeBpftrace("")
    var settings = fake.settings
    settings.executable = "/nowhere/bpftrace"
    let probe = BpftraceProbe(settings: settings, logger: .silent)
    try await with(probe) { probe in
      let expected = "cannot run /nowhere/bpftrace: No such file or directory"
      _ = try await missing(probe) { $0[.pageFaults] == expected }
    }
  }

  @Test("stopping does not wait for the next attempt")
  func stoppedMeanwhile() async throws {
    let fake = try FakeBpftrace("exit 1")
    var settings = fake.settings
    settings.firstWait = .seconds(3600)
    settings.longestWait = .seconds(3600)
    try await with(fake.probe(settings)) { probe in
      _ = try await missing(probe) { $0[.pageFaults] == "bpftrace ended with status 1" }
    }
    #expect(fake.starts().count == 1)
  }

  @Test("one that hangs is killed and started anew")
  func hanging() async throws {
    let log = KeptLog.Lines()
    let fake = try FakeBpftrace("[ $run = 1 ] && while :; do sleep 1000; done; answers")
    var settings = fake.settings
    settings.answerLimit = .milliseconds(20)
    settings.silenceLimit = .milliseconds(500)
    try await with(fake.probe(settings, log: log)) { probe in
      let reading = try await probe.firstReading()
      #expect(reading.run > 1)
    }
    #expect(log.all.contains { $0.contains("bpftrace did not answer for ") })
    let first = try #require(fake.starts().first)
    #expect(kill(first, 0) != 0, "the process was left")
  }

  @Test("rubbish before and between its answers harms nothing")
  func rubbish() async throws {
    let log = KeptLog.Lines()
    let fake = try FakeBpftrace(
      """
      head -c 3000000 /dev/urandom
      echo
      read -r question <&3; answer "$question" 6
      for turn in 1 2; do
        read -r question <&3
        echo '{"type": "map", "data": {"@page_faults": {"7": -1'
        answer "$question" 7
      done
      answers 8
      """)
    var settings = fake.settings
    settings.answerLimit = .seconds(60)
    try await with(fake.probe(settings, log: log)) { probe in
      let reading = try await probe.firstReading()
      #expect(reading.totals[.pageFaults] == [7: 8])
    }
    #expect(log.all.count { $0.contains("cannot be read") } == 1)
  }

  @Test("one that prints without end is killed and started anew")
  func flood() async throws {
    let fake = try FakeBpftrace("[ $run = 1 ] && exec cat /dev/urandom; answers 8")
    var settings = fake.settings
    settings.answerLimit = .milliseconds(20)
    settings.silenceLimit = .milliseconds(500)
    try await with(fake.probe(settings)) { probe in
      let reading = try await probe.firstReading()
      #expect(reading.run > 1)
      #expect(reading.totals[.pageFaults] == [7: 8])
    }
    let first = try #require(fake.starts().first)
    #expect(kill(first, 0) != 0, "the process was left")
  }

  @Test(
    "a tracepoint that it cannot use is left out, and the rest goes on",
    arguments: [
      // It ends, or goes on without.
      "echo 'x:1: ERROR: tracepoint not found: exceptions:page_fault_user' >&2; exit 1",
      "echo 'open(/t/events/exceptions/page_fault_user/id): No such file' >&2; answers",
    ])
  func rejection(reaction: String) async throws {
    let fake = try FakeBpftrace(
      """
      case "$text" in *page_fault_user*) \(reaction) ;; esac
      while read -r question <&3; do
        echo '{"type": "map", "data": {"@block_req": {"7": 2}}}'
        printf '{"type": "printf", "data": "mark %d\\\\n"}\\n' "$question"
      done
      """)
    try await with(fake.probe()) { probe in
      let reading = try await probe.firstReading()
      #expect(reading.totals[.blockRequests] == [7: 2])
      #expect(reading.totals[.pageFaults] == nil)
      #expect(reading.totals.count == 5)
      let missing = await probe.missing()
      #expect(missing.count == 1)
      let reason = try #require(missing[.pageFaults])
      #expect(reason.hasPrefix("bpftrace cannot use exceptions:page_fault_user: "))
    }
    #expect(fake.starts().count == 2)
  }

  @Test("where it can use no tracepoint, each parameter is told of, and it is tried again")
  func allRejected() async throws {
    let fake = try FakeBpftrace(
      """
      # The fifth is the first after all four parts were rejected.
      if [ $run -ge 5 ]; then answers; fi
      echo "ERROR: cannot attach: $(echo "$text" | grep -o -m 1 'tracepoint:[a-z_]*:[a-z_]*')" >&2
      exit 1
      """)
    try await with(fake.probe()) { probe in
      let missing = try await missing(probe) { $0[.pageFaults]?.contains("cannot attach") ?? false }
      #expect(Set(missing.keys) == BpftraceSettings.allParameters)
      let reading = try await probe.firstReading()
      #expect(reading.totals.count == 6)
    }
  }

  @Test("one that may keep counts of no more cgroups is started anew")
  func full() async throws {
    let log = KeptLog.Lines()
    let fake = try FakeBpftrace("answers")
    var settings = fake.settings
    settings.keyLimit = 1
    settings.longestWait = .zero
    try await with(fake.probe(settings, log: log)) { probe in
      let first = try await probe.firstReading()
      let second = try await probe.firstReading { $0.run != first.run }
      #expect(second.run == first.run + 1)
    }
    #expect(log.all.contains { $0.contains("to forget cgroups that are gone") })
  }

  @Test("one that was full at once is told of and kept")
  func fullAtOnce() async throws {
    let log = KeptLog.Lines()
    let fake = try FakeBpftrace("answers")
    var settings = fake.settings
    settings.keyLimit = 1
    try await with(fake.probe(settings, log: log)) { probe in
      for _ in 0..<3 {
        let reading = try await probe.firstReading()
        #expect(reading.run == 1)
      }
    }
    #expect(log.all.count { $0.contains("more cgroups than") } == 1)
  }

  @Test("what it lost is told")
  func lost() async throws {
    let fake = try FakeBpftrace(
      "echo '{\"type\": \"lost_events\", \"data\": {\"events\": 12}}'; answers")
    try await with(fake.probe()) { probe in
      let reading = try await probe.firstReading()
      #expect(reading.lostEvents == 12)
    }
  }

  @Test("it reads nothing, leads a group of its own, and takes signals as usual")
  func surroundings() async throws {
    signal(SIGPIPE, SIG_IGN)
    let fake = try FakeBpftrace(
      """
      readlink /proc/$$/fd/0 > "$here/input"
      cut -d ' ' -f 5 /proc/$$/stat > "$here/group"
      # Without another program, which has signals of its own.
      while read -r name mask; do
        case $name in SigBlk:|SigIgn:) echo "$mask" ;; esac
      done < /proc/self/status > "$here/signals"
      echo "$BPFTRACE_MAP_KEYS_MAX" > "$here/keys"
      echo "$5" > "$here/collector"
      answers
      """)
    try await with(fake.probe()) { _ = try await $0.firstReading() }
    func noted(_ name: String) throws -> String {
      try String(contentsOfFile: "\(fake.directory.path)/\(name)", encoding: .utf8)
        .trimmingCharacters(in: .newlines)
    }
    #expect(try noted("input") == "/dev/null")
    #expect(try noted("group") == "\(fake.starts()[0])")
    let masks = try noted("signals").split(separator: "\n").compactMap { UInt64($0, radix: 16) }
    #expect(masks.map { $0 >> UInt64(SIGPIPE - 1) & 1 } == [0, 0])
    #expect(try noted("keys") == "4096")
    #expect(try noted("collector") == "\(getpid())")
  }

  @Test("many readers at once are all answered")
  func manyReaders() async throws {
    let fake = try FakeBpftrace("answers")
    var settings = fake.settings
    settings.answerLimit = .seconds(60)
    try await with(fake.probe(settings)) { probe in
      _ = try await probe.firstReading()
      let answered = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 { group.addTask { await probe.read()?.totals[.pageFaults] == [7: 5] } }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(answered == 50)
    }
  }
}

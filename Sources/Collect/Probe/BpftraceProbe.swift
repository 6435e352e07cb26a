import CLinux
import Foundation
import Logging

/// Counts events by cgroup with one bpftrace process, and starts it anew when it ends.
///
///     let probe = BpftraceProbe(settings: settings, logger: logger)
///     await probe.start()
///     let reading = await probe.read()     // nil until bpftrace has attached its programs
///     await probe.stop()
///
/// The counts stay in the kernel, and are printed when asked for: a signal that the collector sends
/// itself, which it ignores, makes a tracepoint have bpftrace print them (mark.bt). A question has a
/// number, which its answer bears, so a late answer is never taken for that of the next question.
///
/// Each bpftrace process is a run of its own. What happens between two is not counted.
public actor BpftraceProbe: KernelProbe {
  /// Brings a question's number to a bpftrace.
  typealias Ask = @Sendable (Int32) -> Void

  public nonisolated let name = "bpftrace"

  private struct Running {
    var run: ProbeRun
    var process: BpftraceProcess
    var program: ProbeProgram
    var started: ContinuousClock.Instant
    var lastAnswer: ContinuousClock.Instant?
    /// Questions since the last answer.
    var unanswered = 0
    /// Why it was killed.
    var verdict: Verdict?
    var isUnreadableTold = false
    var isFullTold = false
  }

  private enum Verdict: CustomStringConvertible {
    case silent(Duration)
    /// It goes on without a part of its program.
    case rejecting
    /// It keeps counts of about as many cgroups as it may.
    case full

    var description: String {
      switch self {
      case .silent(let duration):
        "did not answer for \(duration.components.seconds) s"
          + (ProcessNamespace.isTheHosts
            ? "" : "; the collector has to be in the host's process namespace (hostPID)")
      case .rejecting: "goes on without a part of its program"
      case .full: "keeps counts of as many cgroups as it may"
      }
    }
  }

  private let settings: BpftraceSettings
  private let sleeper: any Sleeper
  private var random: any RandomNumberGenerator & Sendable
  private let logger: Logger
  private let ask: Ask

  private var running: Running?
  private var runs: UInt64 = 0
  /// Tracepoints that the bpftrace before could not use, and what it said.
  private var rejected: [String: String] = [:]
  /// Why there is no bpftrace.
  private var failure: String?
  private var isStopping = false
  private var supervision: Task<Void, Never>?
  private var waiting: Task<Void, Never>?

  public init(
    settings: BpftraceSettings = BpftraceSettings(), sleeper: any Sleeper = ClockSleeper(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), logger: Logger
  ) {
    self.init(
      settings: settings, sleeper: sleeper, random: random, logger: logger,
      ask: { _ = vigil_signal_self(SIGWINCH, $0) })
  }

  init(
    settings: BpftraceSettings, sleeper: any Sleeper,
    random: any RandomNumberGenerator & Sendable, logger: Logger, ask: @escaping Ask
  ) {
    self.settings = settings
    self.sleeper = sleeper
    self.random = random
    self.logger = logger
    self.ask = ask
  }

  /// Starts bpftrace, and keeps it running until ``stop()``.
  public func start() {
    guard supervision == nil, !isStopping else { return }
    supervision = Task { await supervise() }
  }

  /// The bpftrace process of now, for its processor time.
  public var processID: Int32? { running?.process.id }

  public func read() async -> KernelReading? {
    guard let asked = running, asked.verdict == nil else { return nil }
    let reading = await asked.run.totals(within: settings.answerLimit, sleeper: sleeper, ask: ask)
    // It may have ended meanwhile, and another be running by now; its turn is the next reading.
    guard var answering = running, answering.run === asked.run, answering.verdict == nil else {
      return nil
    }
    judge(&answering, answered: reading != nil)
    running = answering
    return answering.lastAnswer == nil ? nil : reading
  }

  public func missing() -> [Parameter: String] {
    guard let running, running.lastAnswer != nil else {
      let left = running?.program.missing ?? [:]
      let why = failure ?? "bpftrace is starting"
      return settings.parameters.reduce(into: left) { $0[$1] = $0[$1] ?? why }
    }
    guard running.unanswered > 0 else { return running.program.missing }
    return running.program.parameters.reduce(into: running.program.missing) {
      $0[$1] = "bpftrace does not answer"
    }
  }

  public func stop() async {
    isStopping = true
    failure = "bpftrace was stopped"
    running?.process.kill()
    waiting?.cancel()
    await supervision?.value
  }

  private func supervise() async {
    var backoff = Backoff(first: settings.firstWait, limit: settings.longestWait)
    while !isStopping {
      let began = ContinuousClock.now
      var isToWait = true
      do {
        isToWait = try await runOnce()
      } catch {
        rejected = [:]
        fail("\(error)")
      }
      if isStopping { return }
      if began.duration(to: .now) >= settings.longestWait { backoff.reset() }
      guard isToWait else { continue }
      await wait(for: backoff.next(&self.random))
    }
  }

  private func wait(for duration: Duration) async {
    let task = Task { [sleeper] in _ = try? await sleeper.sleep(for: duration) }
    waiting = task
    await task.value
  }

  /// Starts bpftrace and waits for its end.
  ///
  /// - Returns: whether to wait before the next.
  private func runOnce() async throws -> Bool {
    let program = try ProbeProgram(
      directory: try programs(), events: settings.events, wanted: settings.parameters,
      rejected: rejected)
    runs += 1
    let run = ProbeRun(number: runs, parameters: program.parameters, keyLimit: settings.keyLimit)
    let numbers = [
      Int(getpid()), SystemCallNumbers.mmap, SystemCallNumbers.open, SystemCallNumbers.openat,
      SystemCallNumbers.openat2,
    ]
    let process = try BpftraceProcess(
      executable: settings.executable,
      arguments: ["-f", "json", "-e", program.text] + numbers.map(String.init),
      // The second is the newer name (bpftrace 0.19).
      environment: [
        "BPFTRACE_MAP_KEYS_MAX": String(settings.keyLimit),
        "BPFTRACE_MAX_MAP_KEYS": String(settings.keyLimit),
      ]
    ) { run.take($0) }
    running = Running(run: run, process: process, program: program, started: .now)
    logger.info(
      "bpftrace starts",
      metadata: [
        "process": "\(process.id)", "run": "\(runs)",
        "parameters": "\(program.parameters.map(\.rawValue).sorted())",
      ])
    for (parameter, reason) in program.missing.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      logger.warning("\(parameter.rawValue) is not counted: \(reason)")
    }

    let ending = await process.ending()
    run.end()
    defer { running = nil }
    guard !isStopping, let ended = running else { return false }
    if ended.lastAnswer == nil {
      let complaints = Self.rejections(by: ending.complaints, of: program)
      if !complaints.isEmpty {
        rejected.merge(complaints) { $1 }
        logger.warning("bpftrace does not take its program; tried without a part of it")
        return false
      }
    }
    rejected = [:]
    if case .full = ended.verdict { return false }
    fail("bpftrace " + (ended.verdict.map { "\($0)" } ?? "\(ending)"))
    return true
  }

  private func programs() throws -> String {
    if let programs = settings.programs { return programs }
    if let found = BpftraceSettings.installedPrograms() { return found }
    throw NoPrograms()
  }

  private struct NoPrograms: Error, CustomStringConvertible {
    let description = "no directory of bpftrace programs is near the executable"
  }

  /// - Parameter why: begins a message.
  private func fail(_ why: String) {
    guard !isStopping else { return }
    // Said once, not at each attempt.
    logger.log(
      level: why == failure ? .debug : .warning,
      "nothing is counted by bpftrace until it is started anew: \(why)")
    failure = why
  }

  /// What to do with a bpftrace that has, or has not, answered.
  private func judge(_ running: inout Running, answered: Bool) {
    if !running.isUnreadableTold, running.run.unreadableLines > 0 {
      logger.warning("bpftrace printed what cannot be read; such answers are passed over")
      running.isUnreadableTold = true
    }
    guard answered else {
      running.unanswered += 1
      let silence = (running.lastAnswer ?? running.started).duration(to: .now)
      // Several questions: this process may itself have been stopped for so long.
      if running.unanswered > 2, silence >= settings.silenceLimit {
        end(&running, .silent(silence))
      }
      return
    }
    if running.lastAnswer == nil {
      let complaints = running.process.complaints
      // Some versions go on without a probe that they cannot attach.
      if !Self.rejections(by: complaints, of: running.program).isEmpty {
        return end(&running, .rejecting)
      }
      failure = nil
    }
    running.lastAnswer = .now
    running.unanswered = 0
    let keys = running.run.mostKeys
    guard keys >= settings.keyLimit - settings.keyLimit / 8 else { return }
    if running.started.duration(to: .now) >= settings.longestWait {
      logger.warning(
        "bpftrace is started anew to forget cgroups that are gone",
        metadata: ["cgroups": "\(keys)", "limit": "\(settings.keyLimit)"])
      end(&running, .full)
    } else if !running.isFullTold {
      logger.error(
        "more cgroups than bpftrace may keep counts of; what the others do is not counted",
        metadata: ["cgroups": "\(keys)", "limit": "\(settings.keyLimit)"])
      running.isFullTold = true
    }
  }

  private func end(_ running: inout Running, _ verdict: Verdict) {
    running.verdict = verdict
    running.process.kill()
  }

  /// The tracepoints that bpftrace could not use, and what it said.
  private static func rejections(
    by complaints: Complaints, of program: ProbeProgram
  ) -> [String: String] {
    complaints.lines.reduce(into: [:]) { rejections, line in
      for tracepoint in program.tracepoints(namedIn: line) {
        rejections[tracepoint] = complaints.reason ?? line
      }
    }
  }
}

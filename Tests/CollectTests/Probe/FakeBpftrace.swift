import Foundation
import TestSupport

@testable import Collect

/// A script in bpftrace's place. It hears of questions through a named pipe, and keeps a file with a
/// line for each time it was started.
final class FakeBpftrace: Sendable {
  let directory: TemporaryDirectory
  var path: String { directory.path + "/bpftrace" }
  private let questions: Int32

  /// - Parameter body: is told `$run` (1 for the first start), `$text` (the program); may call
  ///   `answer N [COUNT]`, and `answers [COUNT]`, which answers every question.
  init(_ body: String) throws {
    directory = try TemporaryDirectory()
    let pipe = directory.path + "/questions"
    guard mkfifo(pipe, 0o600) == 0 else { throw POSIXError(.EIO) }
    // Open for reading, too, so that a question waits for a script that has not begun to read.
    questions = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    try directory.write(
      """
      #!/bin/sh
      here='\(directory.path)'
      echo "$$" >> "$here/starts"
      run=$(wc -l < "$here/starts")
      text=$4
      exec 3<> "$here/questions"
      answer() {
        printf '{"type": "map", "data": {"@page_faults": {"7": %d}}}\\n' "${2:-5}"
        printf '{"type": "printf", "data": "mark %d\\\\n"}\\n' "$1"
      }
      answers() { while read -r question <&3; do answer "$question" "$@"; done; }
      \(body)
      """, to: "bpftrace")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    for tracepoint in [
      "raw_syscalls/sys_enter", "exceptions/page_fault_user", "block/block_getrq",
      "sched/sched_process_fork", "sched/sched_process_exec", "sched/sched_process_exit",
      "signal/signal_generate",
    ] { try directory.write("1\n", to: "events/\(tracepoint)/id") }
  }

  /// Waits are short, so that what comes after them comes soon.
  var settings: BpftraceSettings {
    var settings = BpftraceSettings()
    settings.executable = path
    settings.programs = Checkout.programs
    settings.events = [directory.path + "/events"]
    settings.firstWait = .milliseconds(1)
    return settings
  }

  func probe(
    _ settings: BpftraceSettings? = nil, log: KeptLog.Lines = KeptLog.Lines()
  ) -> BpftraceProbe {
    BpftraceProbe(
      settings: settings ?? self.settings, sleeper: ClockSleeper(),
      random: SeededGenerator(seed: 1),
      logger: .init(label: "test") { _ in KeptLog(lines: log) },
      ask: { [self] question in
        let line = Array("\(question)\n".utf8)
        _ = write(questions, line, line.count)
      })
  }

  deinit { close(questions) }

  /// The processes, in the order they were started.
  func starts() -> [Int32] {
    let text = try? String(contentsOfFile: directory.path + "/starts", encoding: .utf8)
    return (text ?? "").split(separator: "\n").compactMap { Int32($0) }
  }
}

import Synchronization
import Testing

@testable import Shell

private let halfway = ModelProgress(
  model: "boutique", fraction: 0.45, groupsDone: 3, groupCount: 8, group: "cart-0", epoch: 12,
  epochCount: 40, trainingLoss: 0.01234, validationLoss: 0.015)

@Suite struct ProgressLineTests {
  @Test func everythingInOneLine() {
    #expect(
      ProgressLine.render(halfway, elapsed: 65, width: 200)
        == "boutique █████████░░░░░░░░░░░ 45% · 3/8 groups · cart-0 · epoch 12/40 · loss 0.0123 · "
        + "validation 0.015 · 1m19s left")
  }

  @Test func narrowTerminalsLoseTheDetailsFirst() {
    #expect(
      ProgressLine.render(halfway, elapsed: 65, width: 62)
        == "boutique █████████░░░░░░░░░░░ 45% · 3/8 groups · 1m19s left")
    for width in 0..<150 {
      #expect(DisplayWidth.of(ProgressLine.render(halfway, elapsed: 65, width: width)) <= width)
    }
  }

  @Test func whatIsUnknownIsLeftOut() {
    let bare = ModelProgress(model: "m", fraction: .nan)
    #expect(ProgressLine.render(bare, elapsed: 3, width: 80) == "m ░░░░░░░░░░░░░░░░░░░░ 0%")
    let over = ModelProgress(model: "m", fraction: 7)
    #expect(ProgressLine.render(over, elapsed: 3, width: 80) == "m ████████████████████ 100%")
  }

  @Test(arguments: [
    (0.4, "0s"), (59.4, "59s"), (80, "1m20s"), (3600, "1h00m"), (7500, "2h05m"),
    (.infinity, "very long"), (-3, "0s"),
  ])
  func durations(seconds: Double, text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }
}

@Suite struct ProgressReporterTests {
  @Test func aTerminalsLineIsWrittenOverAndTakenAway() {
    let output = RecordedOutput(isTerminal: true, width: 50)
    let reporter = ProgressReporter(output: output) { 0 }
    reporter.report(ModelProgress(model: "m", fraction: 0))
    reporter.report(ModelProgress(model: "m", fraction: 0.5))
    reporter.finish()
    reporter.finish()
    #expect(
      output.error
        == "\r\u{1b}[Km ░░░░░░░░░░░░░░░░░░░░ 0%\r\u{1b}[Km ██████████░░░░░░░░░░ 50%\r\u{1b}[K")
  }

  @Test func elsewhereALineForEveryTenthAndHalfMinute() {
    let output = RecordedOutput()
    let seconds = Mutex(0.0)
    let reporter = ProgressReporter(output: output) { seconds.withLock { $0 } }
    for step in 0...100 {
      reporter.report(ModelProgress(model: "m", fraction: Double(step) / 1000))
    }
    #expect(output.error.split(separator: "\n").count == 2)
    seconds.withLock { $0 = 31 }
    for _ in 0..<3 { reporter.report(ModelProgress(model: "m", fraction: 0.1)) }
    #expect(output.error.split(separator: "\n").count == 3)
    reporter.finish()
    #expect(!output.error.contains("\u{1b}"))
  }
}

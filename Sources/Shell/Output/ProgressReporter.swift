import Synchronization

/// Shows the progress of a training on the error output: a line that is written over on a terminal,
/// elsewhere a plain line for every tenth of the way and every half minute.
final class ProgressReporter: Sendable {
  private struct State {
    var lastTenth = -1
    var lastSeconds = 0.0
    var hasLine = false
  }

  private let output: any ShellOutput
  /// Seconds since the training began.
  private let elapsed: @Sendable () -> Double
  private let state = Mutex(State())

  init(output: any ShellOutput, elapsed: @escaping @Sendable () -> Double) {
    self.output = output
    self.elapsed = elapsed
  }

  func report(_ progress: ModelProgress) {
    let seconds = elapsed()
    if output.errorIsTerminal {
      // One column stays free: a full line makes some terminals wrap.
      let line = ProgressLine.render(progress, elapsed: seconds, width: output.width - 1)
      state.withLock { $0.hasLine = true }
      output.writeError("\r\u{1b}[K" + line)
      return
    }
    let tenth = progress.fraction.isFinite ? Int(min(max(progress.fraction, 0), 1) * 10) : 0
    let isDue = state.withLock { state in
      guard tenth > state.lastTenth || seconds - state.lastSeconds >= 30 else { return false }
      state.lastTenth = max(state.lastTenth, tenth)
      state.lastSeconds = seconds
      return true
    }
    if isDue {
      output.writeError(ProgressLine.render(progress, elapsed: seconds, width: 200) + "\n")
    }
  }

  /// Takes the line away, so that what is written next begins on a fresh one.
  func finish() {
    let hadLine = state.withLock { state in
      defer { state.hasLine = false }
      return state.hasLine
    }
    if hadLine { output.writeError("\r\u{1b}[K") }
  }
}

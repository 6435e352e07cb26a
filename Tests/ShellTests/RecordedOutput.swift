import Synchronization

@testable import Shell

/// Keeps what is written.
final class RecordedOutput: ShellOutput {
  private let state = Mutex((output: "", error: "", isClosed: false))
  let isTerminal: Bool
  let errorIsTerminal: Bool
  let width: Int
  let height = 24
  let hasColor = false

  init(isTerminal: Bool = false, width: Int = 100) {
    self.isTerminal = isTerminal
    errorIsTerminal = isTerminal
    self.width = width
  }

  var output: String { state.withLock { $0.output } }
  var error: String { state.withLock { $0.error } }

  /// As if the reader of a pipe had gone.
  func closeReader() { state.withLock { $0.isClosed = true } }

  func write(_ text: String) throws {
    try state.withLock {
      if $0.isClosed { throw OutputClosed() }
      $0.output += text
    }
  }

  func writeError(_ text: String) { state.withLock { $0.error += text } }
}

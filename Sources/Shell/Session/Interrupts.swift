import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C into the cancellation of the statement that runs.
///
/// A third Ctrl-C while a statement is still being stopped ends the process: a server that does not
/// answer must not hold the user.
final class Interrupts: Sendable {
  private struct State {
    var cancel: (@Sendable () -> Void)?
    var presses = 0
  }

  private let state = Mutex(State())
  /// Dispatch's objects may be used from every thread; Swift is not told so.
  nonisolated(unsafe) private let source: any DispatchSourceSignal

  init() {
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { [weak self] in self?.interrupt() }
    source.resume()
  }

  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }

  /// Runs `operation` as a task that Ctrl-C cancels.
  func guarding<Result: Sendable>(
    _ operation: @escaping @Sendable () async -> Result
  ) async -> Result {
    let task = Task(operation: operation)
    state.withLock { $0 = State(cancel: { task.cancel() }) }
    defer { state.withLock { $0 = State() } }
    return await task.value
  }

  private func interrupt() {
    let (cancel, presses) = state.withLock { state in
      state.presses += 1
      return (state.cancel, state.presses)
    }
    if cancel == nil || presses > 2 { exit(130) }
    cancel?()
  }
}

/// Runs the statements of a script in order, up to the first that fails.
struct ScriptRunner {
  let session: ShellSession
  let interrupts: Interrupts?
  /// Whether statements after a failed one are run as well.
  var keepsGoing = false

  /// - Parameter name: put with the line before errors; nil leaves both out.
  /// - Returns: how it ended; ``ShellOutcome/failed`` where any statement failed.
  func run(_ text: String, name: String?) async -> ShellOutcome {
    var outcome = ShellOutcome.done
    for piece in StatementSplitter.split(text) where !piece.body.isEmpty {
      let location = name.map { "\($0):\(piece.line + 1)" }
      let result: ShellOutcome
      if let interrupts {
        result = await interrupts.guarding { [session] in
          await session.run(piece.body, location: location)
        }
      } else {
        result = await session.run(piece.body, location: location)
      }
      switch result {
      case .done: continue
      case .failed:
        outcome = .failed
        if !keepsGoing { return outcome }
      case .cancelled, .outputClosed: return result
      case .quit: return outcome == .failed ? .failed : .quit
      }
    }
    return outcome
  }
}

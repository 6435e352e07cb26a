import Synchronization

/// One bpftrace process's life as seen by who asks it: questions wait here for their answers.
final class ProbeRun: Sendable {
  private struct Waiter {
    var question: UInt64
    var continuation: CheckedContinuation<KernelReading?, Never>
  }

  private struct State {
    var output: BpftraceOutput
    var answers: ProbeAnswers
    var lastQuestion: Int32 = 0
    /// In the order they were asked.
    var waiters: [Waiter] = []
    var hasEnded = false
  }

  private let state: Mutex<State>

  init(number: UInt64, parameters: Set<Parameter>, keyLimit: Int) {
    state = Mutex(
      State(
        output: BpftraceOutput(keyLimit: keyLimit),
        answers: ProbeAnswers(run: number, parameters: parameters)))
  }

  /// The most cgroups that a map has had.
  var mostKeys: Int { state.withLock { $0.answers.mostKeys } }
  var unreadableLines: UInt64 { state.withLock { $0.answers.unreadableLines } }

  /// Takes bpftrace's output; answers the questions whose marks are in it.
  func take(_ bytes: ArraySlice<UInt8>) {
    let answered = state.withLock { state in
      var answered: [(Waiter, KernelReading?)] = []
      state.output.append(bytes) { message in
        guard let (question, reading) = state.answers.take(message),
          let index = state.waiters.firstIndex(where: { $0.question == question })
        else { return }
        // Who asked before has waited for these totals, too.
        answered += state.waiters[...index].map { ($0, reading) }
        state.waiters.removeSubrange(...index)
      }
      return answered
    }
    for (waiter, reading) in answered { waiter.continuation.resume(returning: reading) }
  }

  /// Asks for the totals of now.
  ///
  /// - Parameters:
  ///   - limit: after this long the answer is nil; one that comes later is passed over.
  ///   - ask: brings a question's number to bpftrace.
  func totals(
    within limit: Duration, sleeper: any Sleeper, ask: @Sendable (Int32) -> Void
  ) async -> KernelReading? {
    let question = state.withLock { state in
      state.lastQuestion = state.lastQuestion == .max ? 1 : state.lastQuestion + 1
      return state.lastQuestion
    }
    return await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        guard !state.hasEnded else { return false }
        state.waiters.append(Waiter(question: UInt64(question), continuation: continuation))
        return true
      }
      guard isOpen else {
        continuation.resume(returning: nil)
        return
      }
      ask(question)
      Task {
        try? await sleeper.sleep(for: limit)
        giveUp(UInt64(question))
      }
    }
  }

  /// No answers come any more.
  func end() {
    let left = state.withLock { state in
      state.hasEnded = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in left { waiter.continuation.resume(returning: nil) }
  }

  private func giveUp(_ question: UInt64) {
    let waiter = state.withLock { state in
      state.waiters.firstIndex { $0.question == question }.map { state.waiters.remove(at: $0) }
    }
    waiter?.continuation.resume(returning: nil)
  }
}

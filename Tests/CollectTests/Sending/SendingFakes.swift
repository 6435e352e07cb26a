import Logging
import Synchronization

@testable import Collect

/// A server that answers by a script, then accepts, and remembers what it took.
final class ScriptedTransport: Transport {
  enum Step {
    case answer(WriteAnswer)
    /// The server took the write, but the answer is lost.
    case takenUnheard
    case unreachable
  }

  struct Unreachable: Error {}

  private struct State {
    var steps: [Step]
    var taken: [String] = []
    var attempts = 0
    var duringNextSend: (@Sendable () async -> Void)?
  }

  private let state: Mutex<State>
  private let finallyReached: Bool

  /// - Parameter finallyReached: whether writes are accepted after the script's end.
  init(_ steps: [Step] = [], finallyReached: Bool = true) {
    state = Mutex(State(steps: steps))
    self.finallyReached = finallyReached
  }

  /// Lines in the order they were taken.
  var taken: [String] { state.withLock { $0.taken } }
  var attempts: Int { state.withLock { $0.attempts } }

  /// What happens while the next write is on its way.
  func duringNextSend(_ action: @escaping @Sendable () async -> Void) {
    state.withLock { $0.duringNextSend = action }
  }

  func send(_ body: [UInt8]) async throws -> WriteAnswer {
    await state.withLock { $0.duringNextSend.take() }?()
    // Lets others in, as a network does.
    await Task.yield()
    let text = String(decoding: GzipBody.start(of: body, limit: 1 << 20) ?? [], as: UTF8.self)
    return try state.withLock { state in
      state.attempts += 1
      let end: Step = finallyReached ? .answer(WriteAnswer(status: 204)) : .unreachable
      switch state.steps.isEmpty ? end : state.steps.removeFirst() {
      case .answer(let answer):
        if answer.verdict == .accepted {
          state.taken += text.split(separator: "\n").map(String.init)
        }
        return answer
      case .takenUnheard:
        state.taken += text.split(separator: "\n").map(String.init)
        throw Unreachable()
      case .unreachable: throw Unreachable()
      }
    }
  }
}

/// Notes how long it was to wait and does not; waits of an hour or more (for work, for age) last
/// until they are cancelled.
final class NotingSleeper: Sleeper {
  private let noted = Mutex<[Duration]>([])
  var waits: [Duration] { noted.withLock { $0 } }

  func sleep(for duration: Duration) async throws {
    guard duration < .seconds(3600) else { return try await Task.sleep(for: duration) }
    noted.withLock { $0.append(duration) }
    await Task.yield()
    try Task.checkCancellation()
  }
}

/// Keeps what is logged.
struct KeptLog: LogHandler {
  final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
  }

  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  init(lines: Lines) { self.lines = lines }

  func log(event: LogEvent) {
    let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map {
      "\($0.key)=\($0.value)"
    }
    lines.append("\(event.level) \(event.message) \(metadata.joined(separator: " "))")
  }
}

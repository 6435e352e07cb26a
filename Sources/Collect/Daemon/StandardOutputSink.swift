import Foundation
import Logging
import Synchronization

/// Prints the lines. Whoever reads slowly delays nothing: what cannot be printed yet waits, within
/// a bound; beyond it is dropped.
final class StandardOutputSink: LineSink {
  /// Ends when nobody reads the output any more.
  let untilClosed: AsyncStream<Never>
  private let closing: AsyncStream<Never>.Continuation
  private let descriptor: Int32
  private let byteLimit: Int
  private let queue = DispatchQueue(label: "standard output")
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var waitingBytes = 0
    var isClosed = false
    var isDropping = false
  }

  /// SIGPIPE has to be ignored.
  init(descriptor: Int32 = STDOUT_FILENO, byteLimit: Int = 16 << 20, logger: Logger) {
    self.descriptor = descriptor
    self.byteLimit = byteLimit
    self.logger = logger
    (untilClosed, closing) = AsyncStream.makeStream()
  }

  func add(_ lines: [UInt8]) {
    let (isTaken, isFirstDropped) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      let isTaken = state.waitingBytes + lines.count <= byteLimit
      defer { state.isDropping = !isTaken }
      if isTaken { state.waitingBytes += lines.count }
      return (isTaken, !isTaken && !state.isDropping)
    }
    if isFirstDropped { logger.warning("Standard output is not read: lines are dropped") }
    guard isTaken else { return }
    queue.async { [self] in
      let isWritten = write(lines)
      state.withLock {
        $0.waitingBytes -= lines.count
        if !isWritten { $0.isClosed = true }
      }
      if !isWritten { closing.finish() }
    }
  }

  func currentStatistics() async -> SenderStatistics? { nil }

  /// Waits until all is printed, or too long.
  func finish(within grace: Duration) async {
    let (done, continuation) = AsyncStream.makeStream(of: Never.self)
    queue.async { continuation.finish() }
    DispatchQueue.global().asyncAfter(
      deadline: .now() + .nanoseconds(Int(clamping: grace.nanoseconds))
    ) { continuation.finish() }
    for await _ in done {}
  }

  private func write(_ lines: [UInt8]) -> Bool {
    var rest = lines[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

import Foundation
import Hummingbird

/// Carries a response from the query's thread to the connection's task. The thread blocks while the
/// client is behind, so a response of any size needs a bounded amount of memory.
///
/// One thread pushes, one task reads. The lock is a condition because the pushing side is not a
/// task and has to block; that is why the class vouches for its own Sendable.
final class ResponsePipe: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private let waiting: (any Waiting)?
  private var chunks: [ByteBuffer] = []
  private var byteCount = 0
  private var end: Result<Void, any Error>?
  private var isCancelled = false
  private var reader: CheckedContinuation<ByteBuffer?, any Error>?

  /// What the pushing thread does around its waiting for the client.
  protocol Waiting: Sendable {
    /// Throws where it may not wait.
    func begin() throws
    func end()
  }

  /// - Parameter limit: bytes that may wait for the client.
  init(limit: Int = 1 << 20, waiting: (any Waiting)? = nil) {
    self.limit = limit
    self.waiting = waiting
  }

  /// Hands a chunk over; blocks while more than the limit is waiting. Throws CancellationError once
  /// nobody reads any more, and what ``Waiting/begin()`` throws.
  func push(_ chunk: ByteBuffer) throws {
    guard chunk.readableBytes > 0 else { return }
    try waitForRoom()
    condition.lock()
    guard !isCancelled else {
      condition.unlock()
      throw CancellationError()
    }
    deliver(chunk)
  }

  private var isFull: Bool { byteCount >= limit && !isCancelled }

  private func waitForRoom() throws {
    guard condition.withLock({ isFull }) else { return }
    try waiting?.begin()
    defer { waiting?.end() }
    condition.withLock { while isFull { condition.wait() } }
  }

  /// Hands the end of the response over, which may go past the limit: for callers that are tasks
  /// and must not block.
  func finish(with last: ByteBuffer) {
    condition.lock()
    if last.readableBytes > 0, !isCancelled {
      deliver(last)
    } else {
      condition.unlock()
    }
    finish(.success(()))
  }

  /// `condition` is held, and given up.
  private func deliver(_ chunk: ByteBuffer) {
    if let reader {
      self.reader = nil
      condition.unlock()
      reader.resume(returning: chunk)
    } else {
      chunks.append(chunk)
      byteCount += chunk.readableBytes
      condition.unlock()
    }
  }

  /// No more chunks; the reader gets nil or the error after the last one.
  func finish(_ result: Result<Void, any Error>) {
    condition.lock()
    end = end ?? result
    let reader = self.reader
    self.reader = nil
    condition.unlock()
    reader?.resume(with: result.map { nil })
  }

  /// Nobody reads any more.
  func cancel() {
    condition.lock()
    isCancelled = true
    chunks = []
    byteCount = 0
    let reader = self.reader
    self.reader = nil
    condition.broadcast()
    condition.unlock()
    reader?.resume(throwing: CancellationError())
  }

  /// The next chunk, nil at the end.
  func next() async throws -> ByteBuffer? {
    try await withCheckedThrowingContinuation { continuation in
      condition.lock()
      if isCancelled {
        condition.unlock()
        continuation.resume(throwing: CancellationError())
      } else if !chunks.isEmpty {
        let chunk = chunks.removeFirst()
        byteCount -= chunk.readableBytes
        condition.signal()
        condition.unlock()
        continuation.resume(returning: chunk)
      } else if let end {
        condition.unlock()
        continuation.resume(with: end.map { nil })
      } else {
        reader = continuation
        condition.unlock()
      }
    }
  }
}

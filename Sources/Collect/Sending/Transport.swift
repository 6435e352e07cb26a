import Foundation

/// Carries batches to the server: the seam between ``Sender`` and the network.
public protocol Transport: Sendable {
  /// Sends one write.
  ///
  /// - Parameter body: line protocol, gzip, timestamps in nanoseconds.
  /// - Throws: where there was no answer: the write may have been taken or not.
  func send(_ body: [UInt8]) async throws -> WriteAnswer
}

/// What a server said to a write.
public struct WriteAnswer: Sendable, Hashable {
  /// The HTTP status.
  public var status: Int
  /// The server's reason where it has one.
  public var message: String
  /// The header `Retry-After`.
  public var retryAfter: Duration?

  public init(status: Int, message: String = "", retryAfter: Duration? = nil) {
    self.status = status
    self.message = message
    self.retryAfter = retryAfter
  }

  enum Verdict: Hashable {
    case accepted
    /// The same lines would be refused again.
    case refused
    /// All but these lines, at least, are in.
    case partlyRefused(lines: Int)
    case tryAgain
  }

  var verdict: Verdict {
    switch status {
    case 200, 204: .accepted
    // Nothing is wrong with the lines: credentials (401, 403) or the database (404) are missing and
    // may come, and the server asks to wait (408, 429).
    case 401, 403, 404, 408, 429: .tryAgain
    case 400..<500: partlyRefusedLines.map { .partlyRefused(lines: $0) } ?? .refused
    default: .tryAgain
    }
  }

  /// InfluxDB says `partial write: REASON dropped=N` where the other lines are in. N is 0 where lines
  /// could not be read; one then, at least.
  private var partlyRefusedLines: Int? {
    guard message.hasPrefix("partial write") else { return nil }
    guard let mark = message.range(of: "dropped=", options: .backwards) else { return 1 }
    return max(1, Int(message[mark.upperBound...].prefix { $0.isASCII && $0.isNumber }) ?? 1)
  }
}

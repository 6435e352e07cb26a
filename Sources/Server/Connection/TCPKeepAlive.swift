import Glibc
import NIOCore

/// Lets the system find out that a client's machine is gone, of which nothing else tells while a
/// query runs and writes nothing.
enum TCPKeepAlive {
  /// Seconds without a segment before the first probe, between probes, and how many go unanswered.
  private static let idle = 30
  private static let interval = 10
  private static let count = 3

  static func enable(on channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    try options.setOption(.socketOption(.so_keepalive), value: 1)
    for (name, value) in [
      (TCP_KEEPIDLE, idle), (TCP_KEEPINTVL, interval), (TCP_KEEPCNT, count),
    ] {
      try options.setOption(.tcpOption(.init(rawValue: name)), value: SocketOptionValue(value))
    }
  }
}

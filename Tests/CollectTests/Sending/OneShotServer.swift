import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// A TCP server on the loopback that answers each of some connections with fixed bytes, and keeps
/// what it was sent.
final class OneShotServer: Sendable {
  let port: Int
  private let received = Mutex<[[UInt8]]>([])
  var requests: [[UInt8]] { received.withLock { $0 } }

  struct Failure: Error {}

  /// - Parameter answers: one a connection; an empty one closes it.
  init(answers: [String]) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 8) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard status else { throw Failure() }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      for answer in answers {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        let request = Self.readRequest(connection)
        received.withLock { $0.append(request) }
        let bytes = Array(answer.utf8)
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(connection)
      }
      close(listener)
    }
  }

  /// Up to the end of the body that `Content-Length` announces.
  private static func readRequest(_ connection: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        let length = head.firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        if bytes.count >= end + length { return bytes }
      }
      let got = recv(connection, &buffer, buffer.count, 0)
      guard got > 0 else { return bytes }
      bytes += buffer[..<got]
    }
  }
}

import Foundation

/// Something on a unix socket that speaks no gRPC: it says one thing to whoever connects, and no more.
final class UnixListener: Sendable {
  private let descriptor: Int32

  init(path: String, greeting: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0, listen(descriptor, 16) == 0 else { throw CocoaError(.fileWriteUnknown) }
    let listening = descriptor
    Thread.detachNewThread {
      // Those that connect stay so, as long as the process lives.
      while case let client = accept(listening, nil, nil), client >= 0 {
        _ = greeting.utf8.withContiguousStorageIfAvailable {
          send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }

  func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

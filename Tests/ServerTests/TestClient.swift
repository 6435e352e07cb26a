import Foundation
import Glibc

/// An HTTP client of a few lines over a loopback socket, so that tests see the bytes a server sends
/// and can do what a well-behaved client does not.
struct TestClient: Sendable {
  struct Reply: Sendable {
    var status: Int
    /// Names in lower case; of a name given twice the last.
    var headers: [String: String]
    var body: [UInt8]
    /// Whether a body sent in chunks had its last chunk.
    var isWhole: Bool

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  struct Failure: Error { var what: String }

  let port: Int

  func get(_ path: String, headers: [String: String] = [:]) async throws -> Reply {
    try await send("GET", path, headers: headers)
  }

  func post(_ path: String, _ body: String = "", headers: [String: String] = [:]) async throws
    -> Reply
  {
    try await send("POST", path, headers: headers, body: Array(body.utf8))
  }

  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil
  ) async throws -> Reply {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    let request = Array((head + "\r\n").utf8) + (body ?? [])
    return try await onThread {
      let connection = try Connection(port: port)
      try connection.write(request)
      return try Self.parse(connection.readToEnd(), isHead: method == "HEAD")
    }
  }

  /// Runs `body`, which blocks, off the threads the tasks share with the server under test.
  func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws
    -> Result
  {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Swift.Result { try body() })
      }
    }
  }

  static func parse(_ bytes: [UInt8], isHead: Bool = false) throws -> Reply {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw Failure(what: "no head in \(String(decoding: bytes.prefix(200), as: UTF8.self))")
    }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    guard let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") else {
      throw Failure(what: "no status in \(lines[0])")
    }
    if status == 100 { return try parse(Array(bytes[end.upperBound...]), isHead: isHead) }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      headers[parts[0].lowercased()] =
        parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    var reply = Reply(
      status: status, headers: headers, body: Array(bytes[end.upperBound...]), isWhole: true)
    if headers["transfer-encoding"] == "chunked", !isHead {
      (reply.body, reply.isWhole) = unchunk(reply.body)
    }
    return reply
  }

  private static func unchunk(_ bytes: [UInt8]) -> ([UInt8], Bool) {
    var body: [UInt8] = []
    var rest = bytes[...]
    while let lineEnd = rest.firstRange(of: Array("\r\n".utf8)),
      let size = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16)
    {
      if size == 0 { return (body, true) }
      rest = rest[lineEnd.upperBound...]
      body += rest.prefix(size)
      guard rest.count >= size + 2 else { break }
      rest = rest.dropFirst(size + 2)
    }
    return (body, false)
  }
}

/// A blocking TCP connection to a port of this machine.
final class Connection {
  private let socket: Int32

  init(port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw TestClient.Failure(what: "connect: errno \(errno)") }
  }

  deinit { close(socket) }

  func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw TestClient.Failure(what: "send: errno \(errno)") }
      sent += count
    }
  }

  /// Ends the sending side alone.
  func closeSendingSide() { shutdown(socket, Int32(SHUT_WR)) }

  /// Makes reads fail that wait longer, so that a test of a server that hangs ends.
  func setReadTimeout(seconds: Int) throws {
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    let status = setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    guard status == 0 else { throw TestClient.Failure(what: "setsockopt: errno \(errno)") }
  }

  /// At least one byte; none at the end of the stream.
  func read() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(socket, &buffer, buffer.count, 0)
    guard count >= 0 else { throw TestClient.Failure(what: "recv: errno \(errno)") }
    return Array(buffer[..<count])
  }

  func read(until text: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.firstRange(of: Array(text.utf8)) == nil {
      let more = try read()
      if more.isEmpty { throw TestClient.Failure(what: "end before \(text)") }
      bytes += more
    }
    return bytes
  }

  func readToEnd() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while case let more = try read(), !more.isEmpty { bytes += more }
    return bytes
  }
}

import AsyncHTTPClient
import NIOCore

/// Sends line protocol to the database `bench` of a server.
struct WriteClient: Sendable {
  let url: String

  /// - Throws: where the server did not take all of it.
  func write(_ body: [UInt8]) async throws {
    var request = HTTPClientRequest(url: url + "/write?db=bench&precision=ns")
    request.method = .POST
    request.body = .bytes(ByteBuffer(bytes: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
    let answer = try await response.body.collect(upTo: 1 << 20)
    guard response.status == .noContent else {
      throw BenchError(
        description: "write: \(response.status.code) \(String(buffer: answer).prefix(300))")
    }
  }
}

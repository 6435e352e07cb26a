import AsyncHTTPClient
import Foundation
import NIOCore
import Vigil

/// A running server, over HTTP.
public struct RemoteBackupSource: BackupSource {
  public struct Failure: Error, Hashable, CustomStringConvertible {
    public var description: String
  }

  private let address: String
  private let client = HTTPClient.shared

  /// - Parameter url: like `http://127.0.0.1:8086`.
  public init(url: String) throws {
    guard let parts = URLComponents(string: url), parts.host?.isEmpty == false,
      parts.scheme == "http" || parts.scheme == "https", parts.query == nil, parts.fragment == nil
    else { throw Failure(description: "not an address like http://127.0.0.1:8086: \(url)") }
    address = String(url.reversed().drop { $0 == "/" }.reversed())
  }

  public func listDatabases() async throws -> [String] {
    var names = Data()
    try await receive(HTTPClientRequest(url: address + "/backup")) {
      names.append(contentsOf: $0.readableBytesView)
    }
    return try JSONDecoder().decode([String].self, from: names)
  }

  public func send(_ database: String, to receiver: BackupReceiver) async throws {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    let name = database.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    var request = HTTPClientRequest(url: "\(address)/backup?db=\(name)")
    request.method = .POST
    request.body = .bytes(Array(receiver.known.sorted().joined(separator: "\n").utf8))
    try await receive(request) { part in
      try part.withUnsafeReadableBytes { try receiver.receive($0) }
    }
  }

  private static let errorLimit = 1 << 16

  private func receive(_ request: HTTPClientRequest, _ take: (ByteBuffer) throws -> Void)
    async throws
  {
    let response: HTTPClientResponse
    do {
      // However long it takes: a server that is gone closes the connection.
      response = try await client.execute(request, timeout: .hours(24 * 365))
    } catch {
      throw Failure(description: "\(address): \(error)")
    }
    guard response.status == .ok else {
      let body = try? await response.body.collect(upTo: Self.errorLimit)
      throw Failure(
        description: "\(address): \(Self.message(body) ?? response.status.description)")
    }
    do {
      for try await part in response.body { try take(part) }
    } catch let error as HTTPClientError {
      throw Failure(description: "\(address): the backup ended early: \(error)")
    }
  }

  private struct ErrorBody: Decodable { var error: String }

  private static func message(_ body: ByteBuffer?) -> String? {
    body.flatMap { try? JSONDecoder().decode(ErrorBody.self, from: Data($0.readableBytesView)) }?
      .error
  }
}

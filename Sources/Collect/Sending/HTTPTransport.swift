import AsyncHTTPClient
import Foundation

/// Where and as whom to write.
public struct WriteTarget: Sendable, Hashable {
  /// `http://host:port` or `https://…`, with a path where the server is behind one.
  public var url: String
  public var database: String
  public var credentials: Credentials?
  /// The whole exchange of one request.
  public var timeout: Duration = .seconds(30)

  public enum Credentials: Sendable, Hashable {
    case basic(username: String, password: String)
    /// `Authorization: Token …`
    case token(String)
  }

  public init(url: String, database: String, credentials: Credentials? = nil) {
    self.url = url
    self.database = database
    self.credentials = credentials
  }
}

/// A ``WriteTarget`` that cannot be.
public struct WriteTargetError: Error, Hashable, CustomStringConvertible {
  public let description: String
}

/// `POST /write` of the InfluxDB 1.x HTTP API, gzip.
public struct HTTPTransport: Transport {
  private let client: HTTPClient
  private let url: String
  private let creation: (url: String, statement: String)
  private let authorization: String?
  private let timeoutNanoseconds: Int64
  private let userAgent: String

  /// - Parameter userAgent: such as `vigil-collect/1.0`.
  /// - Throws: ``WriteTargetError`` where the address is none.
  public init(_ target: WriteTarget, userAgent: String) throws {
    guard let parts = URLComponents(string: target.url), parts.host?.isEmpty == false,
      parts.scheme == "http" || parts.scheme == "https", parts.query == nil, parts.fragment == nil
    else {
      throw WriteTargetError(
        description: "not an address like http://localhost:8086: \(target.url)")
    }
    guard parts.user == nil, parts.password == nil else {
      throw WriteTargetError(description: "credentials do not belong in the address")
    }
    let base = String(target.url.reversed().drop { $0 == "/" }.reversed())
    guard let database = target.database.addingPercentEncoding(withAllowedCharacters: .unreserved)
    else { throw WriteTargetError(description: "not a database's name: \(target.database)") }
    url = "\(base)/write?db=\(database)&precision=ns"
    let name = target.database.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
    creation = ("\(base)/query", "CREATE DATABASE \"\(name)\"")
    authorization =
      switch target.credentials {
      case nil: nil
      case .basic(let username, let password):
        "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
      case .token(let token): "Token \(token)"
      }
    // A day is as good as no limit, and far from the end of the type.
    let (seconds, attoseconds) = min(max(target.timeout, .zero), .seconds(86400)).components
    timeoutNanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    self.userAgent = userAgent
    // A redirected POST would become a GET.
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .nanoseconds(min(timeoutNanoseconds, 10_000_000_000))
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Closes the connections; nothing can be sent after that.
  public func close() async throws { try await client.shutdown() }

  public func send(_ body: [UInt8]) async throws -> WriteAnswer {
    try await post(
      body, to: url,
      headers: [("Content-Type", "text/plain; charset=utf-8"), ("Content-Encoding", "gzip")])
  }

  /// Creates the database; fine if it is there.
  ///
  /// - Throws: ``DatabaseNotCreated``, or where there was no answer.
  public func createDatabase() async throws {
    let statement = creation.statement.addingPercentEncoding(withAllowedCharacters: .unreserved)
    let answer = try await post(
      Array("q=\(statement ?? "")".utf8), to: creation.url,
      headers: [("Content-Type", "application/x-www-form-urlencoded")])
    guard answer.status == 200 else {
      throw DatabaseNotCreated(
        description: "\(creation.statement): \(answer.status) \(answer.message)")
    }
  }

  /// The server did not take the statement.
  public struct DatabaseNotCreated: Error, Hashable, CustomStringConvertible {
    public let description: String
  }

  private func post(
    _ body: [UInt8], to url: String, headers: [(String, String)]
  ) async throws -> WriteAnswer {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.headers.add(name: "User-Agent", value: userAgent)
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    request.body = .bytes(body, length: .known(Int64(body.count)))
    let response = try await client.execute(
      request, timeout: .nanoseconds(timeoutNanoseconds))
    return WriteAnswer(
      status: Int(response.status.code),
      message: Self.message(in: await Self.start(of: response.body)),
      retryAfter: response.headers.first(name: "Retry-After").flatMap {
        RetryAfter.duration($0, now: Date())
      })
  }

  /// The first bytes of an answer. The status has been said, so an answer that breaks off is one.
  private static func start(of body: HTTPClientResponse.Body) async -> Data {
    var data = Data()
    do {
      for try await part in body {
        data.append(contentsOf: part.readableBytesView)
        if data.count >= answerByteLimit { break }
      }
    } catch {}
    return data.prefix(answerByteLimit)
  }

  private static let answerByteLimit = 64 << 10

  /// The reason in `{"error": "…"}`, or all of another text.
  static func message(in answer: Data) -> String {
    struct Failure: Decodable { let error: String }
    return (try? JSONDecoder().decode(Failure.self, from: answer))?.error
      ?? String(decoding: answer, as: UTF8.self)
  }
}

extension CharacterSet {
  /// RFC 3986, section 2.3: what need not be escaped anywhere in an address.
  fileprivate static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

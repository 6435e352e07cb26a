import AsyncHTTPClient
import Foundation

/// A request of the InfluxDB 1.x HTTP API.
struct InfluxRequest: Sendable, Hashable {
  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }

  var method: Method
  /// `/query`, `/write`, `/ping`, `/model`.
  var path: String
  /// In the address, in this order.
  var parameters: [Parameter] = []
  /// In the body, url-encoded, for `/query`.
  var form: [Parameter] = []
  /// The body, where there is no form.
  var body: [UInt8] = []
  /// Seconds the whole exchange may take; nil where there is no limit.
  var timeout: Double?

  struct Parameter: Sendable, Hashable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }
}

/// What precedes the body of an answer.
struct InfluxResponseHead: Sendable {
  var status: Int
  /// The header `X-Influxdb-Version`.
  var version: String?
}

/// Carries requests to a server: the seam between the shell's InfluxDB client and the network.
protocol InfluxTransport: Sendable {
  /// For messages.
  var address: String { get }
  /// Sends a request and hands out the answer's body as it comes. Where `receive` is slow so is the
  /// server made, and nothing piles up; where it throws the exchange ends.
  func send(
    _ request: InfluxRequest, receive: ([UInt8]) throws -> Void
  ) async throws -> InfluxResponseHead
  func close() async throws
}

/// How to reach a server.
public struct ServerAddress: Sendable {
  /// `http://host:port` or `https://…`.
  public var url: String
  public var username: String?
  public var password: String?
  /// Whether a certificate that nobody vouches for is good enough.
  public var acceptsAnyCertificate: Bool

  /// - Parameter environment: its INFLUX_USERNAME and INFLUX_PASSWORD stand in for a name and a
  ///   password that are not given.
  public init(
    url: String, username: String? = nil, password: String? = nil,
    acceptsAnyCertificate: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.url = url
    self.username = username ?? environment["INFLUX_USERNAME"]
    self.password = password ?? environment["INFLUX_PASSWORD"]
    self.acceptsAnyCertificate = acceptsAnyCertificate
  }
}

/// HTTP over the network.
struct HTTPTransport: InfluxTransport {
  let address: String
  private let client: HTTPClient
  private let authorization: String?

  init(_ server: ServerAddress) throws {
    guard let url = URLComponents(string: server.url), url.host?.isEmpty == false,
      url.scheme == "http" || url.scheme == "https", url.query == nil, url.fragment == nil
    else {
      throw ConnectionError(description: "not an address like http://localhost:8086: \(server.url)")
    }
    address = String(server.url.reversed().drop { $0 == "/" }.reversed())
    authorization = server.username.map {
      "Basic " + Data("\($0):\(server.password ?? "")".utf8).base64EncodedString()
    }
    var configuration =
      server.acceptsAnyCertificate
      ? HTTPClient.Configuration(certificateVerification: .none) : HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(10)
    configuration.decompression = .enabled(limit: .none)
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func send(
    _ request: InfluxRequest, receive: ([UInt8]) throws -> Void
  ) async throws -> InfluxResponseHead {
    var url = address + request.path
    if !request.parameters.isEmpty { url += "?" + Self.encode(request.parameters) }
    var http = HTTPClientRequest(url: url)
    http.method = .init(rawValue: request.method.rawValue)
    if let authorization { http.headers.add(name: "Authorization", value: authorization) }
    http.headers.add(name: "User-Agent", value: "tsql")
    if !request.form.isEmpty {
      http.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
      http.body = .bytes(Array(Self.encode(request.form).utf8))
    } else if !request.body.isEmpty {
      http.body = .bytes(request.body)
    }
    let timeout = Int64((request.timeout ?? 365 * 86_400) * 1000)
    let response: HTTPClientResponse
    do {
      response = try await client.execute(http, timeout: .milliseconds(timeout))
    } catch  where !Task.isCancelled {
      throw ConnectionError(description: "\(address): \(Self.describe(error))")
    }
    do {
      for try await part in response.body { try receive(Array(part.readableBytesView)) }
    } catch let error as HTTPClientError where !Task.isCancelled {
      throw ConnectionError(description: "\(address): \(Self.describe(error))")
    }
    return InfluxResponseHead(
      status: Int(response.status.code),
      version: response.headers.first(name: "X-Influxdb-Version"))
  }

  func close() async throws { try await client.shutdown() }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? HTTPClientError else {
      // The network library says `connection reset (error set): … (errno: 111)` of a refused
      // connection; the number is what is true of it.
      let text = String(describing: error)
      guard let match = text.firstMatch(of: /errno: ([0-9]{1,6})\)/), let code = Int32(match.1)
      else { return text }
      return String(cString: strerror(code)).lowercased()
    }
    return switch error {
    case .connectTimeout: "no answer to the connection attempt"
    case .remoteConnectionClosed: "the server closed the connection"
    case .deadlineExceeded, .readTimeout: "no answer in time"
    default: error.shortDescription
    }
  }

  static func encode(_ parameters: [InfluxRequest.Parameter]) -> String {
    parameters.map { escape($0.name) + "=" + escape($0.value) }.joined(separator: "&")
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986.
  private static func escape(_ text: String) -> String {
    var escaped: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        escaped.append(byte)
      default:
        escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

import HTTPTypes
import Hummingbird
import NIOHTTP1
import Storage
import TimeSeries
import Vigil

/// An answer that is not a success: InfluxDB's `{"error":"…"}`, and the same text in the header
/// `X-Influxdb-Error`.
struct ErrorResponse: Error {
  var status: HTTPResponse.Status
  var message: String

  init(_ status: HTTPResponse.Status, _ message: String) {
    self.status = status
    self.message = message.excerpt(bytes: Self.messageLimit)
  }

  /// What is wrong with the request itself; nil for an error that is not about that.
  init?(requestError error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      self.init(.requestHeaderFieldsTooLarge, "request header fields too large")
    case HTTPParserError.invalidEOFState: self.init(.badRequest, "unexpected EOF")
    case let error as HTTPParserError: self.init(.badRequest, "malformed request: \(error)")
    case is RequestTimedOut: self.init(.requestTimeout, "timed out waiting for the request")
    default: return nil
    }
  }

  /// Bytes of a message; it may quote what the client sent.
  private static let messageLimit = 128 << 10

  /// What the store says of something that a client wants it to take in.
  init(_ error: StorageError) {
    switch error {
    case .databaseNotFound(let name):
      self.init(.notFound, "database not found: \"\(name)\"")
    case .retentionPolicyNotFound(_, let policy):
      self.init(.internalServerError, "retention policy not found: \(policy)")
    case .closed: self.init(.serviceUnavailable, error.description)
    case .invalidName: self.init(.badRequest, error.description)
    default: self.init(.internalServerError, error.description)
    }
  }

  static let requestEntityTooLarge = ErrorResponse(
    HTTPResponse.Status(code: 413, reasonPhrase: "Request Entity Too Large"),
    "Request Entity Too Large")

  /// The response, in which names of files are relative to the backend's directory.
  func response(
    for backend: any ServerBackend, format: ResultFormat = .json(isPretty: false)
  ) -> Response {
    ErrorResponse(status, backend.clientText(message)).response(format: format)
  }

  func response(format: ResultFormat = .json(isPretty: false)) -> Response {
    var headers: HTTPFields = [.contentType: format.contentType]
    headers[HeaderName.influxDBError] = Self.headerValue(message)
    let bytes =
      switch format {
      case .json(let isPretty): ResultJSONEncoder.encode(error: message, isPretty: isPretty)
      case .csv: ResultCSVEncoder.encode(error: message)
      }
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// Header values hold one line of visible ASCII; the rest becomes a space or a question mark.
  /// Long messages are cut, as clients limit the size of a header.
  private static func headerValue(_ message: String) -> String {
    var bytes: [UInt8] = []
    for scalar in message.unicodeScalars.prefix(1024) {
      switch scalar.value {
      case 0x20..<0x7f: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case ..<0x20: bytes.append(UInt8(ascii: " "))
      default: bytes.append(UInt8(ascii: "?"))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

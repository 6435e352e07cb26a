import Foundation
import HTTPTypes
import Hummingbird
import Vigil

/// Whether the server is there.
enum StatusRoutes {
  /// `GET /ping`: 204; with `verbose=true` 200 and the version, as InfluxDB 1.8 has it.
  static func ping(_ request: Request) -> Response {
    let verbose = FormParameters(query: request.uri.query)["verbose"] ?? ""
    if ["", "0", "false"].contains(verbose) {
      return Response(status: .noContent, headers: [.contentType: "application/json"])
    }
    return json("{\"version\":\"\(ServerVersion.influxDBCompatible)\"}")
  }

  /// `GET /health`: what the clients of InfluxDB 2 and monitors look for. 503 if points cannot be
  /// taken in or made durable; damage of what is stored is a warning, with 200.
  static func health(_ health: DatabaseHealth) throws -> Response {
    try json(
      HealthBody(health), status: health.status == .fail ? .serviceUnavailable : .ok)
  }

  private struct HealthBody: Encodable {
    struct Check: Encodable {
      var name: String
      var status: String
      var message: String
    }

    var name = "vigil"
    var message: String
    var status: String
    var checks: [Check]
    var version = ServerVersion.vigil

    init(_ health: DatabaseHealth) {
      message = health.message
      status = health.status.rawValue
      checks = health.checks.map {
        Check(name: $0.name, status: $0.status.rawValue, message: $0.message)
      }
    }
  }

  private static func json(
    _ body: some Encodable, status: HTTPResponse.Status
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(body), as: UTF8.self)
    return Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }

  private static func json(_ text: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}

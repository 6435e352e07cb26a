import HTTPTypes
import Hummingbird

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

  /// `GET /health`: what the clients of InfluxDB 2 and monitors look for.
  static func health() -> Response {
    json(
      "{\"name\":\"vigil\",\"message\":\"ready for queries and writes\",\"status\":\"pass\","
        + "\"checks\":[],\"version\":\"\(ServerVersion.vigil)\"}")
  }

  private static func json(_ text: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}

import HTTPTypes
import Hummingbird

/// The headers that every response has: versions, the request's id, and for browsers the leave to
/// read the response from a page of another origin (CORS), as Grafana in browser mode needs it.
enum CommonHeaders {
  /// Bytes of an origin that is repeated: a scheme, the longest host name and a port.
  private static let originLimit = 512

  static func add(to headers: inout HTTPFields, request: Request) {
    headers[HeaderName.influxDBBuild] = ServerVersion.build
    headers[HeaderName.influxDBVersion] = ServerVersion.influxDBCompatible
    headers[HeaderName.vigilVersion] = ServerVersion.vigil
    let id = requestID(request.headers)
    headers[HeaderName.requestID] = id
    headers[HeaderName.xRequestID] = id
    guard let origin = request.headers[.origin], origin.utf8.count <= originLimit else { return }
    headers[.accessControlAllowOrigin] = origin
    headers[.accessControlAllowMethods] = "DELETE, GET, OPTIONS, POST, PUT"
    headers[.accessControlAllowHeaders] =
      "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token, "
      + "X-HTTP-Method-Override"
    headers[.accessControlExposeHeaders] = "Date, X-InfluxDB-Version, X-InfluxDB-Build"
  }

  /// The client's own id where it is of a sensible length, else a random one.
  private static func requestID(_ headers: HTTPFields) -> String {
    if let id = headers[HeaderName.xRequestID] ?? headers[HeaderName.requestID],
      (1...128).contains(id.utf8.count)
    {
      return id
    }
    let digits = Array("0123456789abcdef".utf8)
    let random = UInt128.random(in: 0...UInt128.max)
    var id: [UInt8] = []
    for index in 0..<32 {
      if [8, 12, 16, 20].contains(index) { id.append(UInt8(ascii: "-")) }
      id.append(digits[Int(truncatingIfNeeded: random >> UInt128(4 * index)) & 15])
    }
    return String(decoding: id, as: UTF8.self)
  }
}

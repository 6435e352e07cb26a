import HTTPTypes
import Hummingbird
import Storage
import TimeSeries
import Vigil

/// `POST /write?db=&rp=&precision=&consistency=`: line protocol in, 204 out.
struct WriteRoute {
  let backend: any ServerBackend
  let bodyReader: BodyReader

  func respond(to request: Request, context: ServerRequestContext) async throws -> Response {
    let parameters = FormParameters(query: request.uri.query)
    guard let database = parameters["db"], !database.isEmpty else {
      throw ErrorResponse(.badRequest, "database is required")
    }
    // One machine is every level of consistency; what is not a level is still refused.
    if let level = parameters["consistency"], !level.isEmpty,
      !["all", "any", "one", "quorum"].contains(level.lowercased())
    {
      throw ErrorResponse(.badRequest, "invalid consistency level")
    }
    // InfluxDB takes what it does not know as nanoseconds.
    let precision = parameters["precision"].flatMap { TimestampPrecision($0) } ?? .nanoseconds
    let policy = parameters["rp"].flatMap { $0.isEmpty ? nil : $0 }

    let outcome = try await bodyReader.withBytes(of: request, from: context.client) { bytes in
      do {
        return try backend.write(
          lineProtocol: bytes, to: database, retentionPolicy: policy, precision: precision)
      } catch let error as StorageError {
        throw ErrorResponse(error)
      }
    }
    if let failure = WriteFailure(outcome) { throw ErrorResponse(.badRequest, failure.message) }
    return Response(status: .noContent, headers: [.contentType: "application/json"])
  }
}

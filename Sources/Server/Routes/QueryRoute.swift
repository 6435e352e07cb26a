import HTTPTypes
import Hummingbird
import Logging
import Query
import Storage
import Vigil

/// `GET` and `POST /query?db=&rp=&q=&epoch=&pretty=&chunked=&chunk_size=&params=`.
struct QueryRoute {
  let backend: any ServerBackend
  let bodyReader: BodyReader
  let permits: WeightedSemaphore

  func respond(to request: Request, context: ServerRequestContext) async throws -> Response {
    var parameters = FormParameters()
    if request.method == .post {
      parameters = try await bodyReader.withBody(of: request) { body in
        try Self.parameters(of: body, contentType: request.headers[.contentType] ?? "")
      }
    }
    parameters.add(FormParameters(query: request.uri.query))
    let accept = request.headers[.accept]
    let format = ResultFormat(accept: accept, isPretty: parameters["pretty"] == "true")
    do {
      return try await respond(
        to: QueryRequest(parameters),
        format: format, acceptsGzip: acceptsGzip(request), context: context)
    } catch let error as ErrorResponse {
      return error.response(for: backend, format: format)
    }
  }

  private static func parameters(of body: BodyReader.Body, contentType: String) throws
    -> FormParameters
  {
    try body.withDecodedBytes { bytes in
      switch contentType.prefix(while: { $0 != ";" }).trimmingSpaces().lowercased() {
      case "application/x-www-form-urlencoded":
        var parameters = FormParameters()
        parameters.add(urlEncoded: bytes)
        return parameters
      case "multipart/form-data":
        guard let parameters = MultipartForm.parse(Array(bytes)[...], contentType: contentType)
        else { throw ErrorResponse(.badRequest, "malformed multipart form") }
        return parameters
      default: return FormParameters()
      }
    }
  }

  private func acceptsGzip(_ request: Request) -> Bool {
    (request.headers[.acceptEncoding] ?? "").split(separator: ",").contains {
      let parts = $0.split(separator: ";").map { $0.trimmingSpaces().lowercased() }
      return parts.first == "gzip" && !parts.dropFirst().contains { $0 == "q=0" }
    }
  }

  private func respond(
    to query: QueryRequest, format: ResultFormat, acceptsGzip: Bool, context: ServerRequestContext
  ) async throws -> Response {
    let encoder = try QueryResponseEncoder(
      format: format, timeFormat: query.timeFormat, isChunked: query.isChunked,
      isCompressed: acceptsGzip)
    let stream = ResponseStream(
      backend: backend, text: query.text, database: query.database, options: query.options,
      encoder: encoder, permits: permits,
      executor: EventLoopTaskExecutor(context.channel.eventLoop))
    try await ConnectionWatcher.onClientGone(of: context.channel) { [weak stream] in
      stream?.cancel()
    }

    let first: ByteBuffer?
    do {
      first = try await stream.next()
    } catch {
      throw Self.response(to: error)
    }
    var headers: HTTPFields = [.contentType: format.contentType]
    if acceptsGzip { headers[.contentEncoding] = "gzip" }
    return Response(
      status: .ok, headers: headers, body: stream.body(from: first, logger: context.logger))
  }

  /// An error before the first result.
  private static func response(to error: any Error) -> ErrorResponse {
    switch error {
    case let error as ErrorResponse: error
    case is CancellationError: ErrorResponse(.serviceUnavailable, "query interrupted")
    case StorageError.closed: ErrorResponse(.serviceUnavailable, "\(error)")
    case is StorageError: ErrorResponse(.internalServerError, "\(error)")
    default: ErrorResponse(.badRequest, "error parsing query: \(error)")
    }
  }
}

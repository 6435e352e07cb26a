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
  let lanes: QueryLanes

  /// A request that was taken apart, and how to answer it.
  private struct Parsed: Sendable {
    var format: ResultFormat
    var query: Result<QueryRequest, ErrorResponse>

    init(_ parameters: FormParameters, accept: String?) {
      format = ResultFormat(accept: accept, isPretty: parameters["pretty"] == "true")
      query = Result { () throws(ErrorResponse) in try QueryRequest(parameters) }
    }
  }

  func respond(to request: Request, context: ServerRequestContext) async throws -> Response {
    let parsed = try await parse(request, from: context.client)
    do {
      return try await respond(
        to: parsed.query.get(), format: parsed.format, acceptsGzip: acceptsGzip(request),
        context: context)
    } catch let error as ErrorResponse {
      return error.response(for: backend, format: parsed.format)
    }
  }

  private func parse(_ request: Request, from client: ClientAddress) async throws -> Parsed {
    let address = FormParameters(query: request.uri.query)
    let accept = request.headers[.accept]
    guard request.method == .post else { return Parsed(address, accept: accept) }
    let contentType = request.headers[.contentType] ?? ""
    return try await bodyReader.decode(request, from: client) { bytes in
      var parameters = try Self.parameters(of: bytes, contentType: contentType)
      parameters.add(address)
      return Parsed(parameters, accept: accept)
    }
  }

  private static func parameters(
    of bytes: UnsafeRawBufferPointer, contentType: String
  ) throws -> FormParameters {
    switch contentType.prefix(while: { $0 != ";" }).trimmingSpaces().lowercased() {
    case "application/x-www-form-urlencoded":
      var parameters = FormParameters()
      parameters.add(urlEncoded: bytes)
      return parameters
    case "multipart/form-data":
      guard let parameters = MultipartForm.parse(bytes, contentType: contentType) else {
        throw ErrorResponse(.badRequest, "malformed multipart form")
      }
      return parameters
    default: return FormParameters()
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
      encoder: encoder, permit: lanes.permit(for: query.text, of: context.client),
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

import HTTPTypes
import Hummingbird
import NIOPosix

/// Finds the route of a request, and gives every response the headers all have.
struct ServerResponder: HTTPResponder {
  typealias Context = ServerRequestContext

  let write: WriteRoute
  let query: QueryRoute
  let backup: BackupRoute
  let model: ModelRoute

  func respond(to request: Request, context: ServerRequestContext) async throws -> Response {
    var response: Response
    do {
      response = try await route(request, context)
    } catch let error as ErrorResponse {
      response = error.response(for: write.backend)
    } catch is CancellationError {
      response = ErrorResponse(.serviceUnavailable, "shutting down").response()
    } catch {
      let failure =
        ErrorResponse(requestError: error) ?? ErrorResponse(.internalServerError, "\(error)")
      if failure.status == .internalServerError {
        context.logger.error("request failed", metadata: ["error": "\(failure.message)"])
      }
      response = failure.response(for: write.backend)
    }
    // A client does not look for a body after HEAD, and would take it for the next response.
    if request.method == .head { response = response.createHeadResponse() }
    CommonHeaders.add(to: &response.headers, request: request)
    return response
  }

  private func route(_ request: Request, _ context: Context) async throws -> Response {
    switch (request.uri.path, request.method) {
    case ("/write", .post): try await write.respond(to: request, context: context)
    case ("/query", .get), ("/query", .post):
      try await query.respond(to: request, context: context)
    case ("/backup", .get): try backup.list()
    case ("/backup", .post): try await backup.respond(to: request, context: context)
    case ("/model", .get): try await model.send(request, context: context)
    case ("/model", .post): try await model.receive(request, context: context)
    case ("/write", .options), ("/query", .options): Response(status: .ok)
    case ("/ping", .get), ("/ping", .head), ("/status", .get), ("/status", .head):
      StatusRoutes.ping(request)
    case ("/health", .get), ("/health", .head):
      // Not behind writes that wait for a disk: that is when it is asked.
      try StatusRoutes.health(
        await NIOThreadPool.singleton.runIfActive { [backend = write.backend] in
          backend.health()
        })
    case ("/write", _): plainText(.methodNotAllowed, "Method Not Allowed", allow: "OPTIONS, POST")
    case ("/query", _):
      plainText(.methodNotAllowed, "Method Not Allowed", allow: "OPTIONS, GET, POST")
    case ("/backup", _), ("/model", _):
      plainText(.methodNotAllowed, "Method Not Allowed", allow: "GET, POST")
    case ("/ping", _), ("/status", _), ("/health", _):
      plainText(.methodNotAllowed, "Method Not Allowed", allow: "GET, HEAD")
    default: plainText(.notFound, "404 page not found")
    }
  }

  private func plainText(
    _ status: HTTPResponse.Status, _ text: String, allow: String? = nil
  ) -> Response {
    var headers: HTTPFields = [
      .contentType: "text/plain; charset=utf-8", .xContentTypeOptions: "nosniff",
    ]
    headers[.allow] = allow
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}

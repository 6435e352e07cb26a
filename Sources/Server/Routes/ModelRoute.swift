import Foundation
import HTTPTypes
import Hummingbird
import Query
import Storage
import Vigil

/// `GET /model?db=&name=`: the newest version of a model, as a file. `POST /model?db=&name=`: such
/// a file in, 201 and what became of it out; without `name` the model keeps its own.
struct ModelRoute {
  let backend: any ServerBackend
  let bodyReader: BodyReader
  let sent: SharedCapacity

  func send(_ request: Request, context: ServerRequestContext) async throws -> Response {
    let parameters = FormParameters(query: request.uri.query)
    let database = try Self.database(parameters)
    guard let name = Self.name(parameters) else {
      throw ErrorResponse(.badRequest, "name of a model is required")
    }
    let permit = WorkPermit(client: context.client, running: sent, unread: nil)
    let stream = ResponseStream(permit: permit) { [backend] pipe in
      try await backend.exportModel(name, from: database) { try pipe.push(ByteBuffer(bytes: $0)) }
      return ByteBuffer()
    }
    try await ConnectionWatcher.onClientGone(of: context.channel) { [weak stream] in
      stream?.cancel()
    }
    let first: ByteBuffer?
    do {
      first = try await stream.next()
    } catch {
      throw Self.response(to: error) ?? error
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/octet-stream", .contentDisposition: Self.disposition(of: name),
      ],
      body: stream.body(from: first, logger: context.logger))
  }

  func receive(_ request: Request, context: ServerRequestContext) async throws -> Response {
    let parameters = FormParameters(query: request.uri.query)
    let database = try Self.database(parameters)
    let name = Self.name(parameters)
    let imported = try await bodyReader.withBytes(of: request, from: context.client) { bytes in
      do {
        return try backend.importModel(Array(bytes), as: name, into: database)
      } catch {
        throw Self.response(to: error) ?? ErrorResponse(.badRequest, "\(error)")
      }
    }
    let json = try JSONEncoder().encode(imported)
    return Response(
      status: .created, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
  }

  private static func database(_ parameters: FormParameters) throws -> String {
    guard let database = parameters["db"], !database.isEmpty else {
      throw ErrorResponse(.badRequest, "database is required")
    }
    return database
  }

  private static func name(_ parameters: FormParameters) -> String? {
    parameters["name"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Nil for what speaks of the model file: the client's in one direction, ours in the other.
  private static func response(to error: any Error) -> ErrorResponse? {
    switch error {
    case QueryError.databaseNotFound, QueryError.modelNotFound:
      ErrorResponse(.notFound, "\(error)")
    case is QueryError: ErrorResponse(.conflict, "\(error)")
    case let error as StorageError: ErrorResponse(error)
    default: nil
    }
  }

  /// RFC 6266: a plain name for everybody, the real one for those that read `filename*`.
  private static func disposition(of name: String) -> String {
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || scalar == "-" || scalar == "_")
    }
    let plain = String(String.UnicodeScalarView(name.unicodeScalars.map { isPlain($0) ? $0 : "_" }))
    let full = name.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      let hex = String(byte, radix: 16, uppercase: true)
      return isPlain(scalar) ? String(scalar) : (byte < 16 ? "%0" : "%") + hex
    }.joined()
    return "attachment; filename=\"\(plain).model\"; filename*=UTF-8''\(full).model"
  }
}

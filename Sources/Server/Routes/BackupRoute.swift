import Foundation
import HTTPTypes
import Hummingbird
import Storage
import Vigil

/// `GET /backup`: the databases, a JSON array. `POST /backup?db=`: a database as of now, with the
/// names of the segments that the client has in the body, one a line. It only reads.
struct BackupRoute {
  let backend: any ServerBackend
  let bodyReader: BodyReader
  let backups: SharedCapacity

  func list() throws -> Response {
    let json = try JSONEncoder().encode(backend.databases)
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
  }

  func respond(to request: Request, context: ServerRequestContext) async throws -> Response {
    guard let database = FormParameters(query: request.uri.query)["db"], !database.isEmpty else {
      throw ErrorResponse(.badRequest, "database is required")
    }
    let known = try await bodyReader.decode(request, from: context.client) { bytes in
      Set(bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
    }
    let permit = WorkPermit(client: context.client, running: backups, unread: nil)
    let stream = ResponseStream(permit: permit) { [backend] pipe in
      try await backend.backup(database, except: known) { try pipe.push(ByteBuffer(bytes: $0)) }
      return ByteBuffer()
    }
    try await ConnectionWatcher.onClientGone(of: context.channel) { [weak stream] in
      stream?.cancel()
    }
    let first: ByteBuffer?
    do {
      first = try await stream.next()
    } catch {
      throw Self.response(to: error)
    }
    return Response(
      status: .ok, headers: [.contentType: "application/octet-stream"],
      body: stream.body(from: first, logger: context.logger))
  }

  /// An error before the first byte.
  private static func response(to error: any Error) -> any Error {
    switch error {
    case StorageError.databaseNotFound(let name):
      ErrorResponse(.notFound, "database not found: \"\(name)\"")
    case StorageError.closed: ErrorResponse(.serviceUnavailable, "\(error)")
    case is StorageError: ErrorResponse(.internalServerError, "\(error)")
    default: error
    }
  }
}

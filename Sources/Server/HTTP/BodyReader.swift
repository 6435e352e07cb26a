import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Reads request bodies within the limits: of one body, and of all bodies in memory.
struct BodyReader: Sendable {
  /// A body as it came.
  struct Body: Sendable {
    var bytes: ByteBuffer
    var isGzip: Bool
    var limit: Int

    /// Calls `action` with the bytes, decompressed where they were not plain. Blocks.
    func withDecodedBytes<Result>(_ action: (UnsafeRawBufferPointer) throws -> Result) throws
      -> Result
    {
      guard isGzip else { return try bytes.withUnsafeReadableBytes(action) }
      let inflated: [UInt8]
      do {
        inflated = try bytes.withUnsafeReadableBytes { try Gzip.inflate($0, limit: limit) }
      } catch Gzip.Failure.tooLarge {
        throw ErrorResponse.requestEntityTooLarge
      } catch let failure as Gzip.Failure {
        throw ErrorResponse(.badRequest, failure.description)
      }
      return try inflated.withUnsafeBytes(action)
    }
  }

  /// Bytes of a body, before and after decompression.
  let limit: Int
  let memory: BodyMemory
  /// Where bodies are decompressed and taken apart, as many at a time as it has threads.
  let threadPool: NIOThreadPool

  /// Bodies up to this size take no room, and are taken apart at once.
  private static let smallBytes = 1 << 16
  /// Room is taken in pieces of this size.
  private static let pieceBytes = 1 << 18
  private static let reservedBytes = 32 << 20

  /// Calls `action` with the decoded bytes of the body, on a thread that it may block.
  ///
  /// - Throws: an ErrorResponse (413) for a body over the limit, and what `action` throws.
  func withBytes<Result: Sendable>(
    of request: Request, from client: ClientAddress,
    _ action: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Result
  ) async throws -> Result {
    try await withBody(of: request, from: client) { body in
      try await threadPool.runIfActive { try body.withDecodedBytes(action) }
    }
  }

  /// The same, where `action` takes little time for small bodies: these need no other thread.
  func decode<Result: Sendable>(
    _ request: Request, from client: ClientAddress,
    _ action: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Result
  ) async throws -> Result {
    try await withBody(of: request, from: client) { body in
      if !body.isGzip, body.bytes.readableBytes <= Self.smallBytes {
        return try body.withDecodedBytes(action)
      }
      return try await threadPool.runIfActive { try body.withDecodedBytes(action) }
    }
  }

  /// Reads the body and calls `action` with it; room for it is taken as it comes.
  private func withBody<Result>(
    of request: Request, from client: ClientAddress, _ action: (Body) async throws -> Result
  ) async throws -> Result {
    var declared: Int?
    if let length = request.headers[.contentLength] {
      declared = Int(length)
      // The decoder takes all that fits 64 bits without a sign.
      guard let declared else { throw ErrorResponse(.badRequest, "invalid Content-Length") }
      if declared > limit { throw ErrorResponse.requestEntityTooLarge }
    }
    var bytes = ByteBuffer()
    var parts = request.body.makeAsyncIterator()
    var body: Body {
      Body(bytes: bytes, isGzip: request.headers[.contentEncoding] == "gzip", limit: limit)
    }
    while bytes.readableBytes <= Self.smallBytes {
      if try await !read(&parts, into: &bytes) { return try await action(body) }
    }
    // Pages that are not written to yet take no memory.
    bytes.reserveCapacity(min(declared ?? 0, Self.reservedBytes))
    return try await memory.withLease(for: client) { lease in
      repeat {
        if bytes.readableBytes > lease.bytes {
          try await lease.grow(by: max(bytes.readableBytes - lease.bytes, Self.pieceBytes))
        }
      } while try await read(&parts, into: &bytes)
      return try await action(body)
    }
  }

  /// Appends the next part to `bytes`; false at the end of the body.
  private func read(
    _ parts: inout RequestBody.AsyncIterator, into bytes: inout ByteBuffer
  ) async throws -> Bool {
    guard var part = try await parts.next() else { return false }
    guard bytes.readableBytes + part.readableBytes <= limit else {
      throw ErrorResponse.requestEntityTooLarge
    }
    bytes.writeBuffer(&part)
    return true
  }
}

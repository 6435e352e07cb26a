import HTTPTypes
import Hummingbird
import NIOCore

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
  let memory: WeightedSemaphore

  /// Reads the body and calls `action` with it, having waited until there is room for it.
  ///
  /// - Throws: an ErrorResponse (413) for a body over the limit.
  func withBody<Result>(of request: Request, _ action: (Body) async throws -> Result) async throws
    -> Result
  {
    let declared = request.headers[.contentLength].flatMap { Int($0) }
    if let declared, declared > limit { throw ErrorResponse.requestEntityTooLarge }
    let isGzip = request.headers[.contentEncoding] == "gzip"
    let needed = (declared ?? limit).addingReportingOverflow(isGzip ? limit : 0)

    var bytes = ByteBuffer()
    if let declared { bytes.reserveCapacity(min(declared, 1 << 20)) }
    var parts = request.body.makeAsyncIterator()
    // Room is asked for only once a good part of the body is here: clients that say they will send
    // much and then send nothing would keep everyone else waiting.
    var isComplete = false
    while !isComplete, bytes.readableBytes < Self.unreservedBytes {
      isComplete = try await !read(&parts, into: &bytes)
    }
    if isComplete, !isGzip {
      return try await action(Body(bytes: bytes, isGzip: false, limit: limit))
    }
    return try await memory.withPermit(needed.overflow ? Int.max : needed.partialValue) {
      while !isComplete { isComplete = try await !read(&parts, into: &bytes) }
      return try await action(Body(bytes: bytes, isGzip: isGzip, limit: limit))
    }
  }

  private static let unreservedBytes = 1 << 16

  /// Appends the next part to `bytes`; false at the end of the body.
  private func read(_ parts: inout RequestBody.AsyncIterator, into bytes: inout ByteBuffer)
    async throws -> Bool
  {
    guard var part = try await parts.next() else { return false }
    guard bytes.readableBytes + part.readableBytes <= limit else {
      throw ErrorResponse.requestEntityTooLarge
    }
    bytes.writeBuffer(&part)
    return true
  }
}

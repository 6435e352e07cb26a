import CZlib

/// gzip (RFC 1952) by zlib: request bodies in, responses out. The unsafe calls of the server are
/// here.
enum Gzip {
  /// Why a body is not gzip, in the words of Go's compress/gzip.
  enum Failure: Error, Hashable, CustomStringConvertible {
    case truncated
    case invalidHeader
    case corrupt(String)
    /// More than `limit` bytes came out.
    case tooLarge(limit: Int)

    var description: String {
      switch self {
      case .truncated: "unexpected EOF"
      case .invalidHeader: "gzip: invalid header"
      case .corrupt(let reason): "gzip: \(reason)"
      case .tooLarge(let limit): "gzip: more than \(limit) bytes"
      }
    }
  }

  /// The bytes of all members of `input`. No more than `limit` bytes are made; an empty input is
  /// empty.
  static func inflate(_ input: UnsafeRawBufferPointer, limit: Int) throws -> [UInt8] {
    guard !input.isEmpty else { return [] }
    guard input.count >= 2, input[0] == 0x1f, input[1] == 0x8b else {
      throw input.count < 10 ? Failure.truncated : Failure.invalidHeader
    }
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else {
      throw Failure.corrupt("out of memory")
    }
    defer { inflateEnd(&stream) }
    let source = input.bindMemory(to: UInt8.self)
    var consumed = 0
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let available = min(source.count - consumed, Int(UInt32.max))
      stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + consumed) }
      stream.avail_in = UInt32(available)
      let (status, produced) = chunk.withUnsafeMutableBufferPointer { buffer in
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        return (status, buffer.count - Int(stream.avail_out))
      }
      consumed += available - Int(stream.avail_in)
      guard output.count + produced <= limit else { throw Failure.tooLarge(limit: limit) }
      output.append(contentsOf: chunk[..<produced])
      switch status {
      case Z_OK: continue
      case Z_BUF_ERROR: throw Failure.truncated
      case Z_STREAM_END:
        if consumed == source.count { return output }
        guard inflateReset(&stream) == Z_OK else { throw Failure.corrupt("invalid member") }
      default: throw Failure.corrupt(reason(of: stream))
      }
    }
  }

  private static func reason(of stream: z_stream) -> String {
    guard let message = stream.msg.map({ String(cString: $0) }) else { return "invalid data" }
    switch message {
    case "incorrect data check", "incorrect length check": return "invalid checksum"
    case "incorrect header check": return "invalid header"
    default: return message
    }
  }

  /// The largest window, and 16 for "gzip, not zlib".
  fileprivate static let windowBits: Int32 = 15 + 16

  /// Compresses a response as it is written.
  final class Compressor {
    private var stream = z_stream()

    init() throws {
      let size = Int32(MemoryLayout<z_stream>.size)
      // Level 1: responses are long runs of similar digits, and the time of the query matters more
      // than the last tenth of the size.
      let status = deflateInit2_(
        &stream, 1, Z_DEFLATED, Gzip.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
      guard status == Z_OK else { throw Failure.corrupt("out of memory") }
    }

    deinit { deflateEnd(&stream) }

    /// What there is to send after `input`; all of it where `flush` asks for that, and the trailer
    /// where it `isLast`.
    func compress(_ input: [UInt8], flush: Bool, isLast: Bool) -> [UInt8] {
      let mode = isLast ? Z_FINISH : flush ? Z_SYNC_FLUSH : Z_NO_FLUSH
      var output: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 32 << 10)
      input.withUnsafeBufferPointer { source in
        stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
        stream.avail_in = UInt32(clamping: source.count)
        repeat {
          chunk.withUnsafeMutableBufferPointer { buffer in
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(buffer.count)
            _ = deflate(&stream, mode)
          }
          output.append(contentsOf: chunk[..<(chunk.count - Int(stream.avail_out))])
        } while stream.avail_out == 0
        stream.next_in = nil
      }
      return output
    }
  }
}

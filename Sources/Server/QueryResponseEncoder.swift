import Hummingbird
import Query
import Vigil

/// Turns results into the bytes of a response: formats, compresses and gathers them. Used by the
/// query's thread alone.
final class QueryResponseEncoder {
  private enum Format {
    case json(ResultJSONEncoder)
    case csv(ResultCSVEncoder)
  }

  private var format: Format
  private let sendsEachResult: Bool
  private let compressor: Gzip.Compressor?
  private var bytes: [UInt8] = []

  /// Results smaller than this are sent together.
  private static let gatheredBytes = 64 << 10

  /// - Parameters:
  ///   - isChunked: a document for each result, sent at once.
  ///   - isCompressed: gzip.
  init(format: ResultFormat, timeFormat: ResultTimeFormat, isChunked: Bool, isCompressed: Bool)
    throws
  {
    switch format {
    case .json(let isPretty):
      self.format = .json(
        ResultJSONEncoder(
          timeFormat: timeFormat, framing: isChunked ? .chunks : .document, isPretty: isPretty))
    case .csv:
      self.format = .csv(ResultCSVEncoder(timeFormat: timeFormat))
    }
    sendsEachResult = isChunked
    compressor = isCompressed ? try Gzip.Compressor() : nil
  }

  /// What to send after this result; nil where it can wait for more.
  func append(_ result: StatementResult) -> ByteBuffer? {
    switch format {
    case .json(var encoder):
      encoder.append(result, to: &bytes)
      format = .json(encoder)
    case .csv(var encoder):
      encoder.append(result, to: &bytes)
      format = .csv(encoder)
    }
    guard sendsEachResult || bytes.count >= Self.gatheredBytes else { return nil }
    return take(isLast: false)
  }

  /// The rest.
  func finish() -> ByteBuffer {
    if case .json(var encoder) = format { encoder.finish(to: &bytes) }
    return take(isLast: true)
  }

  private func take(isLast: Bool) -> ByteBuffer {
    defer { bytes.removeAll(keepingCapacity: !isLast) }
    guard let compressor else { return ByteBuffer(bytes: bytes) }
    return ByteBuffer(
      bytes: compressor.compress(bytes, flush: sendsEachResult, isLast: isLast))
  }
}

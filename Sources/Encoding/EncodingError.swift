/// Bytes that no encoder wrote.
public enum EncodingError: Error, Sendable, Hashable {
  /// `offset` counts from the start of the bytes that were given to the decoder.
  case malformed(offset: Int, reason: String)
}

extension EncodingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let offset, let reason): "byte \(offset): \(reason)"
    }
  }
}

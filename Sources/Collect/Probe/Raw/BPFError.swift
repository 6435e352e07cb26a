import Foundation

/// The kernel refused something that counting in it needs.
public struct BPFError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Such as `load the program`.
  public var action: String
  /// As in errno(3).
  public var code: Int32
  /// The verifier's last words, if it had any.
  public var detail: String

  init(_ action: String, _ code: Int32, detail: String = "") {
    self.action = action
    self.code = code
    self.detail = detail
  }

  public var description: String {
    "cannot \(action): \(String(cString: strerror(code)))" + (detail.isEmpty ? "" : " (\(detail))")
  }

  /// Takes over the descriptor that a function of CLinux returned, unless that is an error.
  static func check(_ action: String, _ result: Int32) throws(BPFError) -> Descriptor {
    guard result >= 0 else { throw BPFError(action, -result) }
    return Descriptor(result)
  }
}

/// A fuzzer's bytes, taken one choice after another; past their end every choice is 0.
public struct FuzzInput {
  private var bytes: UnsafeRawBufferPointer.SubSequence

  public init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
    bytes = UnsafeRawBufferPointer(start: start, count: count)[...]
  }

  public var isEmpty: Bool { bytes.isEmpty }

  public mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  /// Sixteen bits, little-endian.
  public mutating func word() -> Int { Int(byte()) | Int(byte()) << 8 }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    defer { bytes = bytes.dropFirst(count) }
    return Array(bytes.prefix(count))
  }

  /// All that is left.
  public mutating func rest() -> [UInt8] { bytes(bytes.count) }
}

import TimeSeries

extension Body {
  /// Reads a boolean: `t`, `T`, `true`, `True`, `TRUE`, `f`, `F`, `false`, `False`, `FALSE`.
  func scanBoolean(_ position: inout Int) throws(LineError) -> ScannedValue {
    var end = position
    while end - position <= 5, !isValueEnd(end) { end += 1 }
    let length = end - position
    let text = length <= 5 ? word(at: position) & (1 << UInt64(8 * length) - 1) : 0
    guard let value = Self.booleans.first(where: { $0.text == text })?.value else {
      throw .invalidBoolean
    }
    position = end
    return ScannedValue(type: .boolean, bits: value ? 1 : 0)
  }

  /// The spellings as ``word(at:)`` reads them.
  private static let booleans: [(text: UInt64, value: Bool)] = [
    (spelled("true"), true), (spelled("false"), false), (spelled("t"), true),
    (spelled("f"), false), (spelled("T"), true), (spelled("F"), false), (spelled("True"), true),
    (spelled("False"), false), (spelled("TRUE"), true), (spelled("FALSE"), false),
  ]

  private static func spelled(_ text: StaticString) -> UInt64 {
    text.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  }

  /// Finds the end of a string, `position` at its opening quote, and moves behind the closing one.
  /// `\"` and `\\` stand for the quote and the backslash; any other backslash is itself.
  ///
  /// The value's bits say where the string lies in the body (``ScannedString``): only that of a
  /// good line is copied.
  func scanString(_ position: inout Int, hasLineFeed: inout Bool) throws(LineError) -> ScannedValue
  {
    let start = position + 1
    var next = start
    var hasEscape = false
    while true {
      next = firstPosition(
        of: UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"), from: next)
      guard next < count else { throw .unbalancedQuotes }
      switch self[next] {
      case UInt8(ascii: "\""):
        position = next + 1
        let string = ScannedString(offset: start, length: next - start, hasEscape: hasEscape)
        return ScannedValue(type: .string, bits: string.bits)
      case UInt8(ascii: "\\"):
        hasEscape = true
        if peek(next + 1) == UInt8(ascii: "\n") { hasLineFeed = true }
        next += 2
      default:
        hasLineFeed = true
        next += 1
      }
    }
  }

  /// Copies the text of a string into `batch`.
  func copy(_ string: ScannedString, into batch: inout PointBatch) -> PointBatch.TextRange {
    let range = string.offset..<string.offset + string.length
    return string.hasEscape
      ? batch.appendText(unescapedString(range)) : batch.appendText(slice(range))
  }

  private func unescapedString(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      var byte = self[position]
      if byte == UInt8(ascii: "\\"), position + 1 < range.upperBound,
        self[position + 1] == UInt8(ascii: "\\") || self[position + 1] == UInt8(ascii: "\"")
      {
        position += 1
        byte = self[position]
      }
      bytes.append(byte)
      position += 1
    }
    return bytes
  }
}

/// Where a string stands in the body, without its quotes: packed into 64 bits, as bodies have no
/// more than 2^30 bytes.
struct ScannedString {
  var offset: Int
  var length: Int
  var hasEscape: Bool

  init(offset: Int, length: Int, hasEscape: Bool) {
    self.offset = offset
    self.length = length
    self.hasEscape = hasEscape
  }

  init(bits: UInt64) {
    offset = Int(bits >> 32)
    length = Int(bits & 0x7FFF_FFFF)
    hasEscape = bits & 0x8000_0000 != 0
  }

  var bits: UInt64 {
    UInt64(offset) << 32 | UInt64(length) | (hasEscape ? 0x8000_0000 : 0)
  }
}

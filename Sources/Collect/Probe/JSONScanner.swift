/// Walks through one JSON text without building it; nil or false where the text is not as asked for.
/// A scanner that failed stands anywhere.
///
/// Strings are taken as they are written: escapes are stepped over, not resolved.
struct JSONScanner {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The same text, from `position` on.
  func at(_ position: Int) -> JSONScanner {
    var other = self
    other.position = position
    return other
  }

  /// Whether nothing but white space is left.
  var isAtEnd: Bool {
    var rest = self
    return rest.next() == nil
  }

  /// The bytes between the quotes.
  mutating func string() -> ArraySlice<UInt8>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    while position < bytes.endIndex {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return bytes[start..<position - 1]
      case UInt8(ascii: "\\"): position += 2
      case ..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }

  /// A number of digits only that fits.
  mutating func count() -> UInt64? {
    _ = next()
    let start = position
    while position < bytes.endIndex, Self.isPartOfNumber(bytes[position]) { position += 1 }
    return Self.count(bytes[start..<position])
  }

  /// The number that `digits` are: at least one, nothing else, and not too many.
  static func count(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !tooLarge, !overflow else { return nil }
      value = sum
    }
    return digits.isEmpty ? nil : value
  }

  /// Goes through an object; `member` has to take the value that follows the key.
  mutating func object(_ member: (ArraySlice<UInt8>, inout JSONScanner) -> Bool) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    if take(UInt8(ascii: "}")) { return true }
    repeat {
      guard let key = string(), take(UInt8(ascii: ":")), member(key, &self) else { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  /// Steps over a value of any kind that is at most `depth` deep.
  mutating func skip(depth: Int = 16) -> Bool {
    guard depth > 0, let first = next() else { return false }
    switch first {
    case UInt8(ascii: "{"): return object { _, scanner in scanner.skip(depth: depth - 1) }
    case UInt8(ascii: "["):
      position += 1
      if take(UInt8(ascii: "]")) { return true }
      repeat {
        guard skip(depth: depth - 1) else { return false }
      } while take(UInt8(ascii: ","))
      return take(UInt8(ascii: "]"))
    case UInt8(ascii: "\""): return string() != nil
    default:
      for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return true
      }
      let start = position
      while position < bytes.endIndex, Self.isPartOfNumber(bytes[position]) { position += 1 }
      return position > start
    }
  }

  /// The next byte that is not white space, which is not yet taken.
  private mutating func next() -> UInt8? {
    while position < bytes.endIndex {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    position += 1
    return true
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}

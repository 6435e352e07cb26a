/// Strings in JSON as Go writes them: `<`, `>`, `&`, U+2028 and U+2029 are escaped as well, so that
/// the text can stand in HTML and in JavaScript.
enum JSONText {
  static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var copied = 0
      var index = 0
      while index < utf8.count {
        let byte = utf8[index]
        guard needsEscape(byte), let length = escapedLength(utf8, at: index) else {
          index += 1
          continue
        }
        bytes.append(contentsOf: utf8[copied..<index])
        appendEscape(of: byte, last: utf8[index + length - 1], to: &bytes)
        index += length
        copied = index
      }
      bytes.append(contentsOf: utf8[copied...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether a byte is, or for 0xE2 may begin, something to escape.
  @inline(__always)
  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
      || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&")
      || byte == 0xe2
  }

  /// How many bytes the escape at `index` stands for; nil for a 0xE2 that begins another character.
  private static func escapedLength(_ utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> Int? {
    guard utf8[index] == 0xe2 else { return 1 }
    guard index + 2 < utf8.count, utf8[index + 1] == 0x80, utf8[index + 2] & 0xfe == 0xa8 else {
      return nil
    }
    return 3
  }

  private static func appendEscape(of byte: UInt8, last: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
    case 0xe2:
      bytes.append(contentsOf: "u202".utf8)
      bytes.append(last == 0xa8 ? UInt8(ascii: "8") : UInt8(ascii: "9"))
    default:
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(hexDigit(byte >> 4))
      bytes.append(hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }
}

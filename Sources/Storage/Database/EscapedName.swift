/// A name of any text as a file name: letters, digits, `_` and `-` stand for themselves, every other
/// byte is `%` and two hexadecimal digits. So no name collides with another, with a name of the
/// store's own (those have a dot), or with what the file system makes special.
enum EscapedName {
  /// Bytes of a file name on the usual file systems, with room for a suffix.
  static let byteLimit = 240

  static func escape(_ name: String) throws -> String {
    guard !name.isEmpty else { throw StorageError.invalidName(name, reason: "empty") }
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
      }
    }
    guard bytes.count <= byteLimit else {
      throw StorageError.invalidName(
        name, reason: "\(bytes.count) bytes as a file name, at most \(byteLimit)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Nil for a file name that ``escape(_:)`` does not make.
  static func unescape(_ fileName: String) -> String? {
    var bytes: [UInt8] = []
    var iterator = fileName.utf8.makeIterator()
    while let byte = iterator.next() {
      if byte == UInt8(ascii: "%") {
        guard let high = iterator.next().flatMap(value), let low = iterator.next().flatMap(value)
        else { return nil }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(byte)
      }
    }
    guard let name = String(validating: bytes, as: UTF8.self), (try? escape(name)) == fileName
    else { return nil }
    return name
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

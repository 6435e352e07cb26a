/// One tag of a series.
public struct Tag: Sendable, Hashable, Comparable {
  public var key: String
  public var value: String

  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }

  public static func < (a: Tag, b: Tag) -> Bool {
    (a.key, a.value) < (b.key, b.value)
  }
}

/// The identity of a series: its measurement and its tags.
///
/// The canonical form is the line protocol's own, `measurement,key=value,key=value`, with tags
/// sorted by key bytes, no key twice, no empty value, and `,`, `=`, space escaped by a backslash
/// (`=` not in measurements). Two writes belong to one series exactly if their canonical bytes are
/// equal.
public struct SeriesKey: Sendable, Hashable {
  public var measurement: String
  /// Sorted by key (by UTF-8 bytes), each key once, no empty values.
  public private(set) var tags: [Tag]

  /// Sorts the tags; drops those with an empty value; of a key given twice the last stands.
  public init(measurement: String, tags: [Tag] = []) {
    self.measurement = measurement
    var byKey: [String: String] = [:]
    for tag in tags { byKey[tag.key] = tag.value }
    self.tags = byKey.filter { !$0.value.isEmpty }
      .map { Tag(key: $0.key, value: $0.value) }
      .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  /// The value of a tag, nil where the series has no such tag.
  public func value(of tagKey: String) -> String? {
    tags.first { $0.key == tagKey }?.value
  }

  /// Reads the canonical form. Nil where `bytes` are not one: an empty measurement, a tag without
  /// `=`, or bytes that are not UTF-8.
  public init?(canonical bytes: some Collection<UInt8>) {
    let plain = bytes.withContiguousStorageIfAvailable { SeriesKey(plain: .init($0)) }
    if let plain, let plain {
      self = plain
      return
    }
    var parts: [[UInt8]] = [[]]
    var keyLength: Int?
    var tags: [Tag] = []
    func text(_ bytes: ArraySlice<UInt8>) -> String? {
      String(validating: bytes, as: UTF8.self)
    }
    func closeTag() -> Bool {
      guard parts.count > 1, let last = parts.last else { return parts.count == 1 }
      guard let keyLength, let key = text(last[..<keyLength]), let value = text(last[keyLength...])
      else { return false }
      tags.append(Tag(key: key, value: value))
      return true
    }
    // A backslash that escapes nothing is itself; whether the byte behind it is one that escapes is
    // then still open.
    var isEscaped = false
    for byte in bytes {
      if isEscaped {
        isEscaped = false
        if Self.isEscapable(byte, inMeasurement: parts.count == 1) {
          parts[parts.count - 1].append(byte)
          continue
        }
        parts[parts.count - 1].append(UInt8(ascii: "\\"))
      }
      switch byte {
      case UInt8(ascii: "\\"): isEscaped = true
      case UInt8(ascii: ","):
        guard closeTag() else { return nil }
        parts.append([])
        keyLength = nil
      case UInt8(ascii: "=") where parts.count > 1 && keyLength == nil:
        keyLength = parts[parts.count - 1].count
      default: parts[parts.count - 1].append(byte)
      }
    }
    if isEscaped { parts[parts.count - 1].append(UInt8(ascii: "\\")) }
    guard closeTag(), let name = text(parts[0][...]), !name.isEmpty else { return nil }
    self.init(measurement: name, tags: tags)
  }

  /// Reads a key whose parts are as they lie there.
  private init?(plain bytes: UnsafeRawBufferPointer) {
    var parts = KeyParts()
    guard parts.read(bytes) else { return nil }
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    measurement = text(parts.measurement)
    tags = parts.tags.map { Tag(key: text($0.key), value: text($0.value)) }
  }

  /// The measurement of a canonical series key, which ends at the first comma that no backslash
  /// precedes.
  public static func measurement(ofCanonical canonical: some Collection<UInt8>) -> String {
    var name: [UInt8] = []
    var isEscaped = false
    for byte in canonical {
      if isEscaped {
        isEscaped = false
        if isEscapable(byte, inMeasurement: true) {
          name.append(byte)
          continue
        }
        name.append(UInt8(ascii: "\\"))
      }
      if byte == UInt8(ascii: ",") { break }
      if byte == UInt8(ascii: "\\") { isEscaped = true } else { name.append(byte) }
    }
    if isEscaped { name.append(UInt8(ascii: "\\")) }
    return String(decoding: name, as: UTF8.self)
  }

  /// The canonical form, the bytes that are hashed, stored and compared.
  public var canonical: [UInt8] {
    var bytes: [UInt8] = []
    Self.appendEscaped(measurement, inMeasurement: true, to: &bytes)
    for tag in tags {
      bytes.append(UInt8(ascii: ","))
      Self.appendEscaped(tag.key, inMeasurement: false, to: &bytes)
      bytes.append(UInt8(ascii: "="))
      Self.appendEscaped(tag.value, inMeasurement: false, to: &bytes)
    }
    return bytes
  }

  /// Whether a backslash before `byte` stands for the byte itself.
  @inlinable
  public static func isEscapable(_ byte: UInt8, inMeasurement: Bool) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: " ")
      || (byte == UInt8(ascii: "=") && !inMeasurement)
  }

  /// Appends `text` as the canonical form writes it.
  public static func appendEscaped(
    _ text: String, inMeasurement: Bool, to bytes: inout [UInt8]
  ) {
    for byte in text.utf8 {
      if isEscapable(byte, inMeasurement: inMeasurement) { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
  }
}

extension SeriesKey: CustomStringConvertible {
  public var description: String { String(decoding: canonical, as: UTF8.self) }
}

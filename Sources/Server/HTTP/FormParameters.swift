/// Parameters of a request: those of the form in its body, then those of its URL. Of a name given
/// twice the first stands, so the body wins, as with Go's `FormValue`.
struct FormParameters: Sendable, Hashable {
  private var values: [String: String] = [:]

  init(query: String? = nil) {
    if let query { add(urlEncoded: query.utf8) }
  }

  /// The value, nil where the name is not there.
  subscript(name: String) -> String? { values[name] }

  /// The value without white space around it, nil where it is empty or not there.
  func text(_ name: String) -> String? {
    guard let value = values[name]?.trimmingSpaces(), !value.isEmpty else { return nil }
    return String(value)
  }

  /// Adds what is not there yet.
  mutating func add(name: String, value: String) {
    if values[name] == nil { values[name] = value }
  }

  mutating func add(_ other: FormParameters) {
    values.merge(other.values) { own, _ in own }
  }

  /// Adds `a=1&b=2`. A pair with a malformed escape or text that is not UTF-8 is left out.
  mutating func add(urlEncoded bytes: some Collection<UInt8>) {
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "="))
      let name = Self.decode(pair[..<(equals ?? pair.endIndex)])
      let value = equals.map { Self.decode(pair[pair.index(after: $0)...]) } ?? ""
      if let name, let value { add(name: name, value: value) }
    }
  }

  private static func decode(_ bytes: some Collection<UInt8>) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(hexValue),
          let low = iterator.next().flatMap(hexValue)
        else { return nil }
        decoded.append(high << 4 | low)
      default: decoded.append(byte)
      }
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

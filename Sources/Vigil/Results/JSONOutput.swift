/// JSON in the making: knows where commas and, in the pretty form, line breaks go.
///
/// The pretty form is that of Go's `MarshalIndent` with four spaces: every element on a line of
/// its own.
struct JSONOutput {
  let isPretty: Bool
  /// Nesting, and whether the innermost object or array has an element yet.
  private var depth = 0
  private var isFirst = true

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func begin(_ bracket: Unicode.Scalar, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: bracket))
    depth += 1
    isFirst = true
  }

  mutating func end(_ bracket: Unicode.Scalar, to bytes: inout [UInt8]) {
    depth -= 1
    if isPretty && !isFirst { appendLineBreak(to: &bytes) }
    bytes.append(UInt8(ascii: bracket))
    isFirst = false
  }

  /// Call before each element of an array.
  @inline(__always)
  mutating func separate(to bytes: inout [UInt8]) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    if isPretty { appendLineBreak(to: &bytes) }
  }

  /// A key written by us, which needs no escaping.
  mutating func key(_ name: StaticString, to bytes: inout [UInt8]) {
    separate(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(UInt8(ascii: " ")) }
  }

  mutating func key(text name: String, to bytes: inout [UInt8]) {
    separate(to: &bytes)
    JSONText.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(UInt8(ascii: " ")) }
  }

  private func appendLineBreak(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 4 * depth))
  }
}

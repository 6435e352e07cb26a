import TimeSeries

/// A field name as it stands in the body.
struct ScannedName {
  /// Without the equals sign.
  var range: Range<Int>
  var hasEscape: Bool
  var hasLineFeed: Bool
}

extension Body {
  /// Reads a field name up to its equals sign and moves behind that.
  ///
  /// In fields InfluxDB passes over a backslash together with the byte behind it, and reads `=`
  /// differently in two places where an even number of backslashes stands before it. Such a name
  /// is refused, as is any with an unescaped comma or space.
  func scanFieldName(_ position: inout Int) throws(LineError) -> ScannedName {
    let start = position
    var next = start
    var hasEscape = false
    var hasLineFeed = false
    while next < count {
      let byte = self[next]
      switch byte {
      case UInt8(ascii: "\\"):
        hasEscape = true
        if peek(next + 1) == UInt8(ascii: "\n") {
          guard next + 2 < count else { throw .invalidFieldFormat }
          hasLineFeed = true
        }
        next += 2
        continue
      case UInt8(ascii: "="):
        if next == start { throw .missingFieldKey }
        if self[next - 1] == UInt8(ascii: "\\"), isPairEnd(next, from: start) {
          throw .invalidFieldFormat
        }
        position = next + 1
        return ScannedName(
          range: start..<next, hasEscape: hasEscape, hasLineFeed: hasLineFeed)
      case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\n"):
        throw .invalidFieldFormat
      default: next += 1
      }
    }
    throw .invalidFieldFormat
  }

  /// Whether the backslashes before `position` come in pairs.
  private func isPairEnd(_ position: Int, from start: Int) -> Bool {
    var first = position
    while first > start, self[first - 1] == UInt8(ascii: "\\") { first -= 1 }
    return (position - first) & 1 == 0
  }
}

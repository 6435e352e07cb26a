/// Where in a line a name stands, which decides what a backslash before a byte means, as InfluxDB
/// 1.6 reads lines. Before any other byte a backslash is a part of the name.
///
/// A line may escape more than the canonical series key (``TimeSeries/SeriesKey/canonical``) does:
/// clients escape `=` in measurements too.
enum NamePlace {
  case measurement, tag, field

  /// Whether a backslash before `byte` stands for the byte itself.
  @inline(__always)
  func isEscapable(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "="): true
    case UInt8(ascii: "\""): self != .tag
    default: false
    }
  }
}

extension Body {
  /// Appends the name in `range` without its escapes.
  func appendUnescaped(_ range: Range<Int>, in place: NamePlace, to bytes: inout [UInt8]) {
    for position in range {
      if self[position] == UInt8(ascii: "\\"), position + 1 < range.upperBound,
        place.isEscapable(self[position + 1])
      {
        continue
      }
      bytes.append(self[position])
    }
  }
}

import TimeSeries

extension Body {
  /// Where the series key that begins at `start` ends: at the first space that no backslash
  /// precedes. Nil where the line ends before, which leaves it without fields.
  @inline(__always)
  func seriesKeyEnd(from start: Int, hasLineFeed: inout Bool) -> Int? {
    var position = start
    while true {
      position = firstPosition(of: UInt8(ascii: " "), UInt8(ascii: "\n"), from: position)
      guard position < count else { return nil }
      if position == start || self[position - 1] != UInt8(ascii: "\\") {
        return self[position] == UInt8(ascii: " ") ? position : nil
      }
      if self[position] == UInt8(ascii: "\n"), !isEscapedLineFeed(position, from: start) {
        return nil
      }
      hasLineFeed = hasLineFeed || self[position] == UInt8(ascii: "\n")
      position += 1
    }
  }

  /// InfluxDB takes a line feed behind an odd number of backslashes as part of a name, unless the
  /// body ends there.
  func isEscapedLineFeed(_ position: Int, from start: Int) -> Bool {
    var first = position
    while first > start, self[first - 1] == UInt8(ascii: "\\") { first -= 1 }
    return (position - first) & 1 == 1 && position + 1 < count
  }

  /// The canonical form (``SeriesKey/canonical``) of the key that stands in `range`, which no
  /// unescaped space interrupts. Called once for each spelling of a key, so that it may allocate.
  ///
  /// As in InfluxDB any byte behind a backslash is passed over in the search for the next
  /// delimiter, also where that backslash follows another one.
  func canonicalSeriesKey(_ range: Range<Int>) throws(LineError) -> [UInt8] {
    var position = range.lowerBound
    guard position < range.upperBound, self[position] != UInt8(ascii: ",") else {
      throw .missingMeasurement
    }
    let measurementEnd = delimiter(UInt8(ascii: ","), from: position + 1, in: range)
    let measurement = unescaped(position..<measurementEnd, in: .measurement)
    position = measurementEnd
    var tags: [(key: [UInt8], value: [UInt8])] = []
    while position < range.upperBound {
      let tag = try scanTag(&position, in: range)
      if tag.key.elementsEqual("time".utf8) {
        throw .reservedTag(measurement: String(decoding: measurement, as: UTF8.self))
      }
      tags.append(tag)
    }
    tags.sort { $0.key.lexicographicallyPrecedes($1.key) }
    for (tag, next) in zip(tags, tags.dropFirst()) where tag.key == next.key {
      throw .duplicateTags
    }
    var canonical: [UInt8] = []
    canonical.reserveCapacity(range.count)
    Self.appendEscaped(measurement, inMeasurement: true, to: &canonical)
    for tag in tags {
      canonical.append(UInt8(ascii: ","))
      Self.appendEscaped(tag.key, inMeasurement: false, to: &canonical)
      canonical.append(UInt8(ascii: "="))
      Self.appendEscaped(tag.value, inMeasurement: false, to: &canonical)
    }
    if Self.hasBackslashPair(canonical) {
      let key = SeriesKey(
        measurement: String(decoding: measurement, as: UTF8.self),
        tags: tags.map {
          Tag(
            key: String(decoding: $0.key, as: UTF8.self),
            value: String(decoding: $0.value, as: UTF8.self))
        })
      if SeriesKey(canonical: canonical) != key { throw .ambiguousEscape }
    }
    return canonical
  }

  /// Reads `,key=value`.
  private func scanTag(
    _ position: inout Int, in range: Range<Int>
  ) throws(LineError) -> (key: [UInt8], value: [UInt8]) {
    let end = range.upperBound
    let keyStart = position + 1
    guard keyStart < end, self[keyStart] != UInt8(ascii: ","), self[keyStart] != UInt8(ascii: "=")
    else { throw .missingTagKey }
    let keyEnd = delimiter(UInt8(ascii: "="), from: keyStart + 1, in: range)
    guard keyEnd < end, delimiter(UInt8(ascii: ","), from: keyStart + 1, in: range) > keyEnd,
      keyEnd + 1 < end, self[keyEnd + 1] != UInt8(ascii: ",")
    else { throw .missingTagValue }
    // InfluxDB lets an equals sign be the first character of a value, but no later one.
    let valueEnd = delimiter(UInt8(ascii: ","), from: keyEnd + 2, in: range)
    guard delimiter(UInt8(ascii: "="), from: keyEnd + 2, in: range) >= valueEnd else {
      throw .invalidTagFormat
    }
    position = valueEnd
    return (
      unescaped(keyStart..<keyEnd, in: .tag),
      unescaped(keyEnd + 1..<valueEnd, in: .tag)
    )
  }

  /// The first `byte` from `start` that no backslash precedes, the end of `range` without one.
  private func delimiter(_ byte: UInt8, from start: Int, in range: Range<Int>) -> Int {
    var position = start
    while position < range.upperBound {
      if self[position] == byte, self[position - 1] != UInt8(ascii: "\\") { return position }
      position += 1
    }
    return range.upperBound
  }

  private func unescaped(_ range: Range<Int>, in place: NamePlace) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    appendUnescaped(range, in: place, to: &bytes)
    return bytes
  }

  private static func appendEscaped(
    _ text: [UInt8], inMeasurement: Bool, to bytes: inout [UInt8]
  ) {
    for byte in text {
      if SeriesKey.isEscapable(byte, inMeasurement: inMeasurement) {
        bytes.append(UInt8(ascii: "\\"))
      }
      bytes.append(byte)
    }
  }

  /// Whether two backslashes follow each other: if they stand before a delimiter, `\\,`, the second
  /// one escapes it here, and ``TimeSeries/SeriesKey`` has to read the key the same way.
  private static func hasBackslashPair(_ key: [UInt8]) -> Bool {
    zip(key, key.dropFirst()).contains { $0 == UInt8(ascii: "\\") && $1 == UInt8(ascii: "\\") }
  }
}

import TimeSeries

extension Body {
  /// Reads what follows the fields up to the end of the line: white space and perhaps a timestamp,
  /// in units of `unit` nanoseconds. Nil where there is none. Moves to the end of the line.
  @inline(__always)
  func scanTimestamp(_ position: inout Int, unit: Int64) throws(LineError) -> Timestamp? {
    let start = skippingWhitespace(position)
    if let end = lineEnd(at: start) {
      position = end
      return nil
    }
    var next = peek(start) == UInt8(ascii: "-") ? start + 1 : start
    let isNegative = next > start
    var run = DigitRun()
    scanDigits(&next, into: &run)
    let end = next
    while next < count, self[next] == UInt8(ascii: " ") { next += 1 }
    guard let lineEnd = lineEnd(at: next) else {
      throw end == next ? .badTimestamp : .invalidPoint
    }
    if run.count == 0 { throw .timestampSyntax("-") }
    guard let magnitude = magnitude(start..<end, run), magnitude <= Int64.max.magnitude + 1,
      isNegative || magnitude <= Int64.max.magnitude
    else { throw .timestampOverflow(excerpt(start..<end, limit: LineLimits.quotedNumber)) }
    let units = Int64(bitPattern: isNegative ? 0 &- magnitude : magnitude)
    let (timestamp, overflow) = units.multipliedReportingOverflow(by: unit)
    if overflow || !TimestampBounds.contains(timestamp) { throw .timeOutsideRange }
    position = lineEnd
    return timestamp
  }

  /// White space as InfluxDB skips it between the parts of a line: spaces, tabs and NULs.
  @inline(__always)
  func skippingWhitespace(_ start: Int) -> Int {
    var position = start
    while position < count {
      let byte = self[position]
      guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0 else { break }
      position += 1
    }
    return position
  }

  /// The position of the line feed if the line ends at `position`, perhaps by a carriage return.
  @inline(__always)
  func lineEnd(at position: Int) -> Int? {
    switch peek(position) {
    case UInt8(ascii: "\n"): position
    case UInt8(ascii: "\r") where peek(position + 1) == UInt8(ascii: "\n"): position + 1
    default: nil
    }
  }
}

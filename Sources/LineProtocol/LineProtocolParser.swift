import TimeSeries

/// Reads InfluxDB's line protocol, the dialect of InfluxDB 1.6:
///
///     measurement[,tag=value…] field=value[,field=value…] [timestamp]
///
/// A point a line; blank lines and lines that begin with `#` are passed over. Values are floats,
/// integers (`1i`), unsigned integers (`1u`), booleans and quoted strings.
///
///     var parser = LineProtocolParser(precision: .seconds, defaultTimestamp: now)
///     let (batch, rejections) = body.withUnsafeBytes { parser.parse($0) }
///
/// Bad lines do not stop the good ones. Reuse a parser to reuse its memory. It reads the bytes
/// where they lie, and allocates per distinct series and field name, not per line.
///
/// Of a field given twice in a line the last value stands. A field named `time` is left out, as
/// InfluxDB does, since that name means the timestamp.
public struct LineProtocolParser: Sendable {
  private let unit: Int64
  private let defaultTimestamp: Timestamp
  private var series = SeriesCache()
  private var names = FieldNameCache()
  private var lineFields: [PointBatch.Field] = []
  /// For each field name of the batch the last line that had it, and where in `lineFields`.
  private var lastUse: [(line: UInt32, place: Int)] = []
  private var unescapedName: [UInt8] = []

  /// Bad lines that the last ``parse(_:)`` has not listed, there being too many of them.
  public private(set) var unlistedRejections = 0

  /// - Parameters:
  ///   - precision: The unit of the timestamps in the body.
  ///   - defaultTimestamp: The time of points that carry none, in nanoseconds; rounded down to
  ///     `precision`.
  public init(precision: TimestampPrecision = .nanoseconds, defaultTimestamp: Timestamp) {
    unit = precision.nanosecondsPerUnit
    let remainder = defaultTimestamp % unit
    let (rounded, overflow) = defaultTimestamp.subtractingReportingOverflow(
      remainder < 0 ? remainder + unit : remainder)
    self.defaultTimestamp =
      overflow || !TimestampBounds.contains(rounded) ? defaultTimestamp : rounded
  }

  /// The points of a body, and why some of its lines are none.
  ///
  /// Bad lines come back as rejections (line number from 1, reason
  /// ``TimeSeries/PointRejection/malformed(line:reason:)`` in InfluxDB's wording, of a long line
  /// the beginning); the good ones are in the batch. A point that spans lines, in a quoted string,
  /// has the number of its first. Of a body that is bad throughout the first some thousands are
  /// listed, the others counted (``unlistedRejections``).
  ///
  /// A body of more than ``TimeSeries/PointBatch/textLimit`` bytes is refused as a whole, by one
  /// rejection (`tooLong`) with line number 0: split it at line ends.
  public mutating func parse(
    _ bytes: UnsafeRawBufferPointer
  ) -> (batch: PointBatch, rejections: [WriteOutcome.Rejection]) {
    unlistedRejections = 0
    var batch = PointBatch()
    guard let body = Body(bytes) else { return (batch, []) }
    guard body.count <= PointBatch.textLimit else {
      return (
        batch,
        [
          WriteOutcome.Rejection(
            line: 0,
            reason: .tooLong(what: "body", bytes: body.count, limit: PointBatch.textLimit))
        ]
      )
    }
    series.removeAll()
    names.removeAll()
    lastUse.removeAll(keepingCapacity: true)
    let isWellFormed = isWellFormedUTF8(bytes)
    var rejections: [WriteOutcome.Rejection] = []
    var line = Line(number: 1, start: 0)
    while line.start < body.count {
      line.start = body.skippingWhitespace(line.start)
      if let end = body.lineEnd(at: line.start) {
        line.advance(behind: end)
        continue
      }
      if body[line.start] == UInt8(ascii: "#") {
        line.advance(
          behind: body.firstPosition(of: UInt8(ascii: "\n"), from: line.start))
        continue
      }
      do throws(LineError) {
        let end = try parseLine(&line, body, into: &batch, isWellFormed: isWellFormed)
        line.advance(behind: end)
      } catch {
        let end = body.lineFeed(endingLineAt: line.start)
        if rejections.count < LineLimits.listedRejections {
          rejections.append(
            WriteOutcome.Rejection(
              line: line.number,
              reason: .malformed(
                line: body.excerpt(line.start..<end, limit: LineLimits.quotedLine),
                reason: error.description)))
        } else {
          unlistedRejections += 1
        }
        line.lineFeeds = body.lineFeeds(in: line.start..<end)
        line.advance(behind: end)
      }
    }
    return (batch, rejections)
  }

  /// The line being read.
  private struct Line {
    /// From 1.
    var number: UInt32
    /// Behind the white space it begins with, once that is skipped.
    var start: Int
    /// Line feeds within the line.
    var lineFeeds: UInt32 = 0

    mutating func advance(behind lineFeed: Int) {
      number += lineFeeds + 1
      lineFeeds = 0
      start = lineFeed + 1
    }
  }

  /// Reads one point, adds it to the batch and returns the position of the line feed behind it.
  @inline(__always)
  private mutating func parseLine(
    _ line: inout Line, _ body: Body, into batch: inout PointBatch, isWellFormed: Bool
  ) throws(LineError) -> Int {
    lineFields.removeAll(keepingCapacity: true)
    var hasLineFeed = false
    guard let keyEnd = body.seriesKeyEnd(from: line.start, hasLineFeed: &hasLineFeed) else {
      let key = line.start..<body.lineFeed(endingLineAt: line.start)
      if key.count > LineLimits.keyLength { throw .keyTooLong(key.count) }
      _ = try body.canonicalSeriesKey(key)
      throw .missingFields
    }
    let key = line.start..<keyEnd
    if key.count > LineLimits.keyLength { throw .keyTooLong(key.count) }
    let found = series.find(key, in: body)
    var canonical: [UInt8] = []
    if case .unknown = found { canonical = try body.canonicalSeriesKey(key) }

    var position = body.skippingWhitespace(keyEnd)
    let hasString = try parseFields(
      &position, body, keyLength: key.count, line: line.number, into: &batch,
      isWellFormed: isWellFormed, hasLineFeed: &hasLineFeed)
    let timestamp = try body.scanTimestamp(&position, unit: unit) ?? defaultTimestamp
    if !isWellFormed, !isWellFormedUTF8(body.slice(line.start..<position)) { throw .invalidUTF8 }
    if lineFields.isEmpty {
      let key = SeriesKey(canonical: try body.canonicalSeriesKey(key))
      throw .reservedField(measurement: key?.measurement ?? "")
    }

    if hasString { copyStrings(body, into: &batch) }
    let index: UInt32
    switch found {
    case .series(let known): index = known
    case .unknown(let hash):
      index = canonical.withUnsafeBytes { batch.internSeries($0) }
      series.insert(key, hash: hash, series: index)
    }
    lineFields.withUnsafeBufferPointer {
      batch.appendPoint(series: index, timestamp: timestamp, line: line.number, fields: $0)
    }
    if hasLineFeed { line.lineFeeds = body.lineFeeds(in: line.start..<position) }
    return position
  }

  /// Reads the fields into `lineFields`, strings as ``ScannedString``; tells whether there are any.
  @inline(__always)
  private mutating func parseFields(
    _ position: inout Int, _ body: Body, keyLength: Int, line: UInt32,
    into batch: inout PointBatch, isWellFormed: Bool, hasLineFeed: inout Bool
  ) throws(LineError) -> Bool {
    var hasString = false
    var place = 0
    while true {
      let start = position
      let name: UInt32?
      if let known = names.match(place: place, at: &position, in: body) {
        name = known
      } else {
        name = try parseName(
          &position, body, place: place, into: &batch, isWellFormed: isWellFormed,
          hasLineFeed: &hasLineFeed)
      }
      let length = keyLength + LineLimits.keySeparatorLength + (position - 1 - start)
      if length > LineLimits.keyLength { throw .keyTooLong(length) }

      let value: ScannedValue
      switch body.peek(position) {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        value = try body.scanNumber(&position)
      case UInt8(ascii: "\""):
        value = try body.scanString(&position, hasLineFeed: &hasLineFeed)
        hasString = true
        guard body.isValueEnd(position) else { throw .invalidFieldFormat }
      case UInt8(ascii: "N"), UInt8(ascii: "n"): throw .invalidNumber
      default:
        if body.isValueEnd(position) { throw .missingFieldValue }
        value = try body.scanBoolean(&position)
      }
      if let name { try append(name: name, value, line: line) }

      guard body.peek(position) == UInt8(ascii: ",") else { return hasString }
      position += 1
      place += 1
    }
  }

  /// Adds a value to the line, in place of the one before if its name occurs again.
  @inline(__always)
  private mutating func append(
    name: UInt32, _ value: ScannedValue, line: UInt32
  ) throws(LineError) {
    let field = PointBatch.Field(name: name, type: value.type, bits: value.bits)
    let last = lastUse[Int(name)]
    if last.line == line {
      guard lineFields[last.place].type == field.type else { throw .fieldTypeConflict }
      lineFields[last.place] = field
    } else {
      lastUse[Int(name)] = (line, lineFields.count)
      lineFields.append(field)
    }
  }

  /// Reads a field name that was not foreseen; nil for `time`.
  @inline(never)
  private mutating func parseName(
    _ position: inout Int, _ body: Body, place: Int, into batch: inout PointBatch,
    isWellFormed: Bool, hasLineFeed: inout Bool
  ) throws(LineError) -> UInt32? {
    let name = try body.scanFieldName(&position)
    hasLineFeed = hasLineFeed || name.hasLineFeed
    if !isWellFormed, !isWellFormedUTF8(body.slice(name.range)) { throw .invalidUTF8 }
    let index: UInt32
    if name.hasEscape {
      unescapedName.removeAll(keepingCapacity: true)
      body.appendUnescaped(name.range, in: .field, to: &unescapedName)
      if unescapedName.elementsEqual("time".utf8) { return nil }
      index = unescapedName.withUnsafeBytes { batch.internField($0) }
    } else {
      if body.slice(name.range).elementsEqual("time".utf8) { return nil }
      index = batch.internField(body.slice(name.range))
    }
    if index == lastUse.count { lastUse.append((line: 0, place: 0)) }
    // A name with a line feed is counted each time, so it is never foreseen.
    if !name.hasLineFeed { names.expect(name.range, index: index, at: place) }
    return index
  }

  private mutating func copyStrings(_ body: Body, into batch: inout PointBatch) {
    for place in lineFields.indices where lineFields[place].type == .string {
      let text = body.copy(ScannedString(bits: lineFields[place].bits), into: &batch)
      lineFields[place].bits = UInt64(text.offset) << 32 | UInt64(text.length)
    }
  }
}

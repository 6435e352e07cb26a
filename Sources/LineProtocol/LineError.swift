import TimeSeries

/// Why a line is not a point, in InfluxDB 1.6's words where it refuses the line too.
enum LineError: Error, Equatable {
  case missingMeasurement
  case missingFields
  case missingTagKey
  case missingTagValue
  case invalidTagFormat
  case duplicateTags
  /// InfluxDB keeps the name `time` for the timestamp; the shard refuses it as a tag.
  case reservedTag(measurement: String)
  case keyTooLong(Int)
  /// A backslash before an escaped delimiter, where the canonical series key could not be read back.
  case ambiguousEscape
  case missingFieldKey
  case missingFieldValue
  case invalidFieldFormat
  /// A point whose only field is named `time`.
  case reservedField(measurement: String)
  /// One field twice in a line, with values of different types.
  case fieldTypeConflict
  case invalidNumber
  case invalidFloat
  case integerOutOfRange(String)
  case unsignedOutOfRange(String)
  case invalidBoolean
  case unbalancedQuotes
  case badTimestamp
  case timestampSyntax(String)
  case timestampOverflow(String)
  case timeOutsideRange
  /// Something behind the timestamp.
  case invalidPoint
  case invalidUTF8
}

extension LineError: CustomStringConvertible {
  var description: String {
    switch self {
    case .missingMeasurement: "missing measurement"
    case .missingFields: "missing fields"
    case .missingTagKey: "missing tag key"
    case .missingTagValue: "missing tag value"
    case .invalidTagFormat: "invalid tag format"
    case .duplicateTags: "duplicate tags"
    case .reservedTag(let measurement):
      "invalid tag key: input tag \"time\" on measurement \"\(measurement)\" is invalid"
    case .keyTooLong(let length):
      "max key length exceeded: \(length) > \(LineLimits.keyLength)"
    case .ambiguousEscape: "backslash before an escaped character"
    case .missingFieldKey: "missing field key"
    case .missingFieldValue: "missing field value"
    case .invalidFieldFormat: "invalid field format"
    case .reservedField(let measurement):
      "invalid field name: input field \"time\" on measurement \"\(measurement)\" is invalid"
    case .fieldTypeConflict: "field type conflict"
    case .invalidNumber: "invalid number"
    case .invalidFloat: "invalid float"
    case .integerOutOfRange(let text):
      "unable to parse integer \(text): strconv.ParseInt: parsing \"\(text)\": value out of range"
    case .unsignedOutOfRange(let text):
      "unable to parse unsigned \(text): strconv.ParseUint: parsing \"\(text)\": value out of range"
    case .invalidBoolean: "invalid boolean"
    case .unbalancedQuotes: "unbalanced quotes"
    case .badTimestamp: "bad timestamp"
    case .timestampSyntax(let text): "strconv.ParseInt: parsing \"\(text)\": invalid syntax"
    case .timestampOverflow(let text): "strconv.ParseInt: parsing \"\(text)\": value out of range"
    case .timeOutsideRange:
      "time outside range \(TimestampBounds.earliest) - \(TimestampBounds.latest)"
    case .invalidPoint: "point is invalid"
    case .invalidUTF8: "invalid UTF-8"
    }
  }
}

/// What the parser and the writer put a limit on.
enum LineLimits {
  /// Bytes of measurement and tags as they stand in the line, and of those with a field's name and
  /// four bytes between: InfluxDB's limit.
  static let keyLength = 65_535
  static let keySeparatorLength = 4
  /// Bytes of a bad line (or number) that an error message repeats.
  static let quotedLine = 256
  static let quotedNumber = 64
  /// Bad lines of a body that are listed with their reasons; the others are only counted. A server
  /// says less than these are (64 KiB), whatever the lines.
  static let listedRejections = 4096
}

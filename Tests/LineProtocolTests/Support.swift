import LineProtocol
import TestSupport
import TimeSeries

/// A point as a test reads it from a batch.
struct ReadPoint: Equatable, CustomStringConvertible {
  var series: SeriesKey
  var fields: [String: FieldValue]
  var timestamp: Timestamp

  var description: String { "\(series) \(fields) \(timestamp)" }
}

extension PointBatch {
  /// The points, floats compared by bits elsewhere.
  var readPoints: [ReadPoint] {
    points.map { point in
      let first = Int(point.firstField)
      var values: [String: FieldValue] = [:]
      for field in fields[first..<first + Int(point.fieldCount)] {
        values[string(fieldNames[Int(field.name)])] = value(of: field)
      }
      let key = SeriesKey(canonical: bytes(seriesKeys[Int(point.series)]))
      return ReadPoint(
        series: key ?? SeriesKey(measurement: "<unreadable>"), fields: values,
        timestamp: point.timestamp)
    }
  }
}

func parse(
  _ bytes: some Collection<UInt8>, precision: TimestampPrecision = .nanoseconds,
  defaultTimestamp: Timestamp = 42
) -> (batch: PointBatch, rejections: [WriteOutcome.Rejection]) {
  var parser = LineProtocolParser(precision: precision, defaultTimestamp: defaultTimestamp)
  return Array(bytes).withUnsafeBytes { parser.parse($0) }
}

func parse(
  _ text: String, precision: TimestampPrecision = .nanoseconds, defaultTimestamp: Timestamp = 42
) -> (batch: PointBatch, rejections: [WriteOutcome.Rejection]) {
  parse(text.utf8, precision: precision, defaultTimestamp: defaultTimestamp)
}

/// What the protocol is made of, at random.
extension SeededGenerator {
  /// Text of at most `limit` characters, plain ones or those the protocol gives a meaning to.
  mutating func text(limit: Int) -> String {
    let characters = [
      "a", "b", "c", ",", " ", "=", "\\", "\"", "é", "日", "#", "\t", "\r", "\n", "🦊",
    ]
    let length = Int.random(in: 0...limit, using: &self)
    let isPlain = Bool.random(using: &self)
    return (0..<length).map { _ in isPlain ? pick(["x", "y", "-"]) : pick(characters) }.joined()
  }

  mutating func fieldValue() -> FieldValue {
    switch Int.random(in: 0..<6, using: &self) {
    case 0: return .float(Double(bitPattern: next()))
    case 1: return .float(Double(Int.random(in: -1000...1000, using: &self)) / 8)
    case 2: return .integer(Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self))
    case 3: return .unsigned(next() >> UInt64.random(in: 0..<64, using: &self))
    case 4: return .boolean(Bool.random(using: &self))
    default: return .string(text(limit: 8))
    }
  }

  mutating func timestamp() -> Timestamp {
    let value = Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self)
    return min(max(value, TimestampBounds.earliest), TimestampBounds.latest)
  }
}

import Query
import TimeSeries

/// Writes results as InfluxDB's CSV: columns `name`, `tags` and the result's own, a header for each
/// statement and wherever the columns change, a blank line between tables.
///
/// Times are integers, nanoseconds unless another unit is asked for; floats have no exponent.
/// InfluxDB drops the error of a statement; here it is a table of its own with the column `error`,
/// as it is for a query that does not parse. So are the messages of a statement, which InfluxDB
/// drops too: a table with the columns `level` and `text`.
public struct ResultCSVEncoder: Sendable {
  private let precision: TimestampPrecision
  private var tableCount = 0
  private var statementID: Int?
  private var columnNames: [String] = []

  public init(timeFormat: ResultTimeFormat) {
    switch timeFormat {
    case .rfc3339: precision = .nanoseconds
    case .epoch(let precision): self.precision = precision
    }
  }

  public mutating func append(_ result: StatementResult, to bytes: inout [UInt8]) {
    for series in result.series {
      if statementID != result.statementID || columnNames != series.columnNames {
        beginTable(to: &bytes)
        bytes.append(contentsOf: "name,tags".utf8)
        for name in series.columnNames {
          bytes.append(UInt8(ascii: ","))
          Self.append(text: name, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
        statementID = result.statementID
        columnNames = series.columnNames
      }
      appendRows(series, to: &bytes)
    }
    if !result.messages.isEmpty {
      beginTable(to: &bytes)
      bytes.append(contentsOf: "level,text\n".utf8)
      for message in result.messages {
        Self.append(text: message.level, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        Self.append(text: message.text, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
      statementID = nil
    }
    if let error = result.error {
      beginTable(to: &bytes)
      bytes.append(contentsOf: Self.encode(error: error))
      statementID = nil
    }
  }

  public static func encode(
    _ results: [StatementResult], timeFormat: ResultTimeFormat
  ) -> [UInt8] {
    var encoder = Self(timeFormat: timeFormat)
    var bytes: [UInt8] = []
    for result in results { encoder.append(result, to: &bytes) }
    return bytes
  }

  /// The body of a response that is not 2xx.
  public static func encode(error message: String) -> [UInt8] {
    var bytes = Array("error\n".utf8)
    append(text: message, to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private mutating func beginTable(to bytes: inout [UInt8]) {
    if tableCount > 0 { bytes.append(UInt8(ascii: "\n")) }
    tableCount += 1
  }

  private func appendRows(_ series: ResultSeries, to bytes: inout [UInt8]) {
    var prefix: [UInt8] = []
    Self.append(text: series.name, to: &prefix)
    prefix.append(UInt8(ascii: ","))
    Self.append(text: Self.tagText(series.tags), to: &prefix)
    for row in 0..<series.rowCount {
      bytes.append(contentsOf: prefix)
      for (index, column) in series.columns.enumerated() {
        bytes.append(UInt8(ascii: ","))
        switch column[row] {
        case nil: break
        case .integer(let time) where index == 0 && series.hasTime:
          DecimalText.append(precision.units(in: time), to: &bytes)
        case .float(let value): DecimalText.appendPlain(value, to: &bytes)
        case .integer(let value): DecimalText.append(value, to: &bytes)
        case .unsigned(let value): DecimalText.append(value, to: &bytes)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .string(let value): Self.append(text: value, to: &bytes)
        }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  /// Tags as a series key has them, `k=v,k=v`; those without a value are left out.
  private static func tagText(_ tags: [Tag]) -> String {
    String(SeriesKey(measurement: "", tags: tags).description.dropFirst())
  }

  /// Quotes where Go's encoding/csv does: a comma, a quote, a line break, or a space in front.
  private static func append(text: String, to bytes: inout [UInt8]) {
    let needsQuotes =
      text == "\\." || text.first?.isWhitespace == true
      || text.utf8.contains {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n")
          || $0 == UInt8(ascii: "\r")
      }
    guard needsQuotes else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

import Query
import TimeSeries

/// Writes results as InfluxDB's JSON, as they come, straight into bytes.
///
///     var encoder = ResultJSONEncoder(timeFormat: .rfc3339)
///     var bytes: [UInt8] = []
///     for result in results { encoder.append(result, to: &bytes) }
///     encoder.finish(to: &bytes)
///
/// Numbers and strings are written as Go's encoding/json writes them, so that the bytes equal
/// InfluxDB's. NaN and the infinities, which JSON does not have, become null.
public struct ResultJSONEncoder: Sendable {
  public enum Framing: Sendable, Hashable {
    /// One document `{"results":[…]}`. Partial results of a statement, and of a series, are joined
    /// again, so a large result can be written without being held.
    case document
    /// A document for each result, with `"partial":true` where more follows (`chunked=true`).
    case chunks
  }

  public let timeFormat: ResultTimeFormat
  public let framing: Framing
  let isPretty: Bool

  private var output: JSONOutput
  private var cells = JSONCells()
  private var documentIsOpen = false
  private var openStatement: Int?
  /// What comes after the series of the open statement.
  private var messages: [StatementResult.Message] = []
  private var error: String?
  private var seriesListIsOpen = false
  /// The series whose object, and whose array of values, is not closed yet.
  private var openSeries: (name: String, tags: [Tag])?
  private var valuesAreOpen = false

  public init(
    timeFormat: ResultTimeFormat, framing: Framing = .document, isPretty: Bool = false
  ) {
    self.timeFormat = timeFormat
    self.framing = framing
    self.isPretty = isPretty
    output = JSONOutput(isPretty: isPretty)
  }

  /// Appends one result; partial ones of a statement follow each other.
  public mutating func append(_ result: StatementResult, to bytes: inout [UInt8]) {
    openDocument(to: &bytes)
    if let openStatement, openStatement != result.statementID { closeStatement(to: &bytes) }
    if openStatement == nil {
      output.separate(to: &bytes)
      output.begin("{", to: &bytes)
      output.key("statement_id", to: &bytes)
      DecimalText.append(Int64(result.statementID), to: &bytes)
      openStatement = result.statementID
    }
    for series in result.series { append(series, to: &bytes) }

    messages += result.messages
    error = result.error ?? error
    if !result.partial || framing == .chunks {
      closeStatement(isPartial: result.partial, to: &bytes)
    }
    if framing == .chunks { closeDocument(to: &bytes) }
  }

  /// Ends the document; nothing is appended after it.
  public mutating func finish(to bytes: inout [UInt8]) {
    if documentIsOpen {
      closeDocument(to: &bytes)
    } else if framing == .document && bytes.isEmpty {
      bytes.append(contentsOf: "{}\n".utf8)
    }
  }

  /// All results at once.
  public static func encode(
    _ results: [StatementResult], timeFormat: ResultTimeFormat, framing: Framing = .document,
    isPretty: Bool = false
  ) -> [UInt8] {
    var encoder = Self(timeFormat: timeFormat, framing: framing, isPretty: isPretty)
    var bytes: [UInt8] = []
    for result in results { encoder.append(result, to: &bytes) }
    encoder.finish(to: &bytes)
    return bytes
  }

  /// `{"error":"…"}`, the body of a response that is not 2xx.
  public static func encode(error message: String, isPretty: Bool = false) -> [UInt8] {
    var output = JSONOutput(isPretty: isPretty)
    var bytes: [UInt8] = []
    output.begin("{", to: &bytes)
    output.key("error", to: &bytes)
    JSONText.append(message, to: &bytes)
    output.end("}", to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private mutating func openDocument(to bytes: inout [UInt8]) {
    guard !documentIsOpen else { return }
    documentIsOpen = true
    output = JSONOutput(isPretty: isPretty)
    output.begin("{", to: &bytes)
    output.key("results", to: &bytes)
    output.begin("[", to: &bytes)
  }

  private mutating func closeDocument(to bytes: inout [UInt8]) {
    closeStatement(to: &bytes)
    output.end("]", to: &bytes)
    output.end("}", to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    documentIsOpen = false
  }

  private mutating func closeStatement(isPartial: Bool = false, to bytes: inout [UInt8]) {
    guard openStatement != nil else { return }
    closeSeries(to: &bytes)
    if seriesListIsOpen { output.end("]", to: &bytes) }
    seriesListIsOpen = false
    appendMessages(to: &bytes)
    if isPartial {
      output.key("partial", to: &bytes)
      bytes.append(contentsOf: "true".utf8)
    }
    if let error {
      output.key("error", to: &bytes)
      JSONText.append(error, to: &bytes)
    }
    error = nil
    output.end("}", to: &bytes)
    openStatement = nil
  }

  private mutating func closeSeries(isPartial: Bool = false, to bytes: inout [UInt8]) {
    guard openSeries != nil else { return }
    if valuesAreOpen { output.end("]", to: &bytes) }
    valuesAreOpen = false
    if isPartial {
      output.key("partial", to: &bytes)
      bytes.append(contentsOf: "true".utf8)
    }
    output.end("}", to: &bytes)
    openSeries = nil
  }

  private mutating func append(_ series: ResultSeries, to bytes: inout [UInt8]) {
    if !seriesListIsOpen {
      output.key("series", to: &bytes)
      output.begin("[", to: &bytes)
      seriesListIsOpen = true
    }
    if let openSeries, openSeries.name != series.name || openSeries.tags != series.tags {
      closeSeries(to: &bytes)
    }
    if openSeries == nil { open(series, to: &bytes) }
    appendRows(series, to: &bytes)
    if !series.partial || framing == .chunks {
      closeSeries(isPartial: series.partial, to: &bytes)
    }
  }

  /// `{"name":…,"tags":{…},"columns":[…]`; what is empty is left out.
  private mutating func open(_ series: ResultSeries, to bytes: inout [UInt8]) {
    output.separate(to: &bytes)
    output.begin("{", to: &bytes)
    if !series.name.isEmpty {
      output.key("name", to: &bytes)
      JSONText.append(series.name, to: &bytes)
    }
    if !series.tags.isEmpty {
      output.key("tags", to: &bytes)
      output.begin("{", to: &bytes)
      for tag in series.tags.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        output.key(text: tag.key, to: &bytes)
        JSONText.append(tag.value, to: &bytes)
      }
      output.end("}", to: &bytes)
    }
    if !series.columnNames.isEmpty {
      output.key("columns", to: &bytes)
      output.begin("[", to: &bytes)
      for name in series.columnNames {
        output.separate(to: &bytes)
        JSONText.append(name, to: &bytes)
      }
      output.end("]", to: &bytes)
    }
    openSeries = (series.name, series.tags)
  }

  private mutating func appendRows(_ series: ResultSeries, to bytes: inout [UInt8]) {
    let rowCount = series.rowCount
    guard rowCount > 0 else { return }
    if !valuesAreOpen {
      output.key("values", to: &bytes)
      output.begin("[", to: &bytes)
      valuesAreOpen = true
    }
    var first = 0
    while first < rowCount {
      let end = min(first + JSONCells.rowsOfABlock, rowCount)
      cells.render(series, rows: first..<end, timeFormat: timeFormat)
      for row in 0..<(end - first) {
        output.separate(to: &bytes)
        output.begin("[", to: &bytes)
        for column in series.columns.indices {
          output.separate(to: &bytes)
          cells.append(column: column, row: row, to: &bytes)
        }
        output.end("]", to: &bytes)
      }
      first = end
    }
  }

  private mutating func appendMessages(to bytes: inout [UInt8]) {
    guard !messages.isEmpty else { return }
    output.key("messages", to: &bytes)
    output.begin("[", to: &bytes)
    for message in messages {
      output.separate(to: &bytes)
      output.begin("{", to: &bytes)
      output.key("level", to: &bytes)
      JSONText.append(message.level, to: &bytes)
      output.key("text", to: &bytes)
      JSONText.append(message.text, to: &bytes)
      output.end("}", to: &bytes)
    }
    output.end("]", to: &bytes)
    messages = []
  }
}

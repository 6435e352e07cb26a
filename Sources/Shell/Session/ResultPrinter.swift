import Query
import TimeSeries
import Vigil

/// Writes the results of one statement in the format asked for: CSV and JSON as they come, tables
/// once they are complete, since only then their widths are known.
struct ResultPrinter {
  var format: OutputFormat
  var times: TimeDisplay
  var isPretty = false
  let output: any ShellOutput
  private let followsTables: Bool
  private var csv: ResultCSV
  private var json: ResultJSONEncoder
  private var merger = ResultMerger()
  /// The statement failed.
  private(set) var error: String?
  /// Something was written.
  private(set) var hasOutput = false

  init(
    format: OutputFormat, times: TimeDisplay, isPretty: Bool, output: any ShellOutput,
    followsTables: Bool = false
  ) {
    self.followsTables = followsTables
    self.format = format
    self.times = times
    self.isPretty = isPretty
    self.output = output
    csv = ResultCSV(times: times)
    json = ResultJSONEncoder(timeFormat: ResultTimeFormat(times), isPretty: isPretty)
  }

  mutating func add(_ result: StatementResult) throws {
    error = error ?? result.error
    switch format {
    case .table: merger.add(result)
    case .csv:
      for series in result.series { try write(csv.render(series)) }
    case .json:
      var bytes: [UInt8] = []
      json.append(result, to: &bytes)
      try write(String(decoding: bytes, as: UTF8.self))
    }
    for message in result.messages {
      output.writeError("\(message.level): \(DisplayWidth.printable(message.text))\n")
    }
  }

  mutating func finish() throws {
    switch format {
    case .table:
      let table = ResultTable(times: times, maximumWidth: output.isTerminal ? output.width : nil)
      let tables = (merger.result?.series ?? []).map(table.render)
      guard !tables.isEmpty else { return }
      try write((followsTables ? "\n" : "") + tables.joined(separator: "\n"))
    case .csv: break
    case .json:
      guard hasOutput else { return }
      var bytes: [UInt8] = []
      json.finish(to: &bytes)
      try write(String(decoding: bytes, as: UTF8.self))
    }
  }

  private mutating func write(_ text: String) throws {
    guard !text.isEmpty else { return }
    hasOutput = true
    try output.write(text)
  }
}

extension ResultTimeFormat {
  init(_ display: TimeDisplay) {
    switch display {
    case .rfc3339: self = .rfc3339
    case .epoch(let precision): self = .epoch(precision)
    }
  }
}

import ArgumentParser
import Bench
import Foundation
import TimeSeries

struct Quality: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train on a labelled day and compare the flags with its faults.",
    discussion: """
      Runs the product in a temporary directory: line protocol in, CREATE MODEL over --train, the \
      model's functions over the whole day. Times are RFC 3339, spans FROM/TO without the end.
      """)

  @Argument(help: "Line protocol, gzip where the name ends in .gz.")
  var points: String

  @Argument(help: "Labels: inject_time_utc,pod,fault_type.")
  var labels: String

  @Option(help: ArgumentHelp("What the models are trained on.", valueName: "from/to"))
  var train: String

  @Option(
    help: ArgumentHelp("Without faults: flags there are false positives.", valueName: "from/to"))
  var free: String

  @Option(help: ArgumentHelp("Faults injected in it count.", valueName: "from/to"))
  var faults: String

  @Option(
    help: ArgumentHelp(
      "The model's fields. (default: the six resource metrics, or all numbers)",
      valueName: "field,field…"))
  var fields: String?

  @Option(
    name: .customLong("with"),
    help: ArgumentHelp("Options of the model.", valueName: "option = value, …"))
  var options = ""

  @Option(help: "What a row stands for.")
  var interval = "1m"

  @Option(help: "The tag that the labels name values of.")
  var group = "pod"

  @Option(help: "How long after its injection a fault can be found.")
  var windowAfter = "6m"

  @Option(help: ArgumentHelp("Write a picture of each pod there, as SVG.", valueName: "directory"))
  var plot: String?

  @Option(help: ArgumentHelp("Plot pods whose names begin so; all if not given.", valueName: "pod"))
  var plotPod: [String] = []

  @Flag(help: "One JSON document in place of the tables.")
  var json = false

  func run() async throws {
    var benchmark = QualityBenchmark(
      points: URL(fileURLWithPath: points),
      faults: try FaultCSV.parse(String(contentsOfFile: labels, encoding: .utf8)),
      train: try span(train, "--train"), free: try span(free, "--free"),
      faultSpan: try span(faults, "--faults"))
    benchmark.fields = fields?.split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    benchmark.options = options
    benchmark.interval = try length(interval, "--interval")
    benchmark.group = group
    benchmark.windowAfter = try length(windowAfter, "--window-after")
    let report = try await benchmark.run()
    if let plot {
      try benchmark.plot(report, pods: plotPod, into: URL(fileURLWithPath: plot))
    }
    if json {
      FileHandle.standardOutput.write(try report.json() + Data("\n".utf8))
    } else {
      print(report.text, terminator: "")
    }
  }

  private func span(_ text: String, _ option: String) throws -> Range<Timestamp> {
    guard let span = TimeSpanText.parse(text) else {
      throw ValidationError("\(option) needs FROM/TO, two RFC 3339 times, the first the earlier")
    }
    return span
  }

  private func length(_ text: String, _ option: String) throws -> Span {
    guard let length = Span(text) else {
      throw ValidationError("\(option) needs a length of time such as 1m")
    }
    return length
  }
}

import ArgumentParser
import Bench
import Foundation
import LineProtocol
import TimeSeries

@main
struct VigilBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigil-bench",
    abstract: "Measure the store, and what the detector makes of labelled data.",
    subcommands: [
      Store.self, Series.self, GenerateDay.self, Table.self, Quality.self, Golden.self, Detect.self,
      Fleet.self,
    ])
}

struct GenerateDay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a generated day of ten pods with 24 labelled faults.")

  @Option(help: "Where the line protocol goes.")
  var points: String

  @Option(help: "Where the labels go (inject_time_utc,pod,fault_type).")
  var faults: String

  @Option(help: "The same seed gives the same day.")
  var seed: UInt64 = 20_220_822

  func run() throws {
    let day = DayGenerator(seed: seed)
    var writer = LineProtocolWriter()
    try writer.append(day.points())
    try Data(writer.bytes).write(to: URL(fileURLWithPath: points))
    try Data(FaultCSV.format(day.faults).utf8).write(to: URL(fileURLWithPath: faults))
  }
}

struct Table: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a detector's flags on a server with a day's labels.")

  @Option(help: "The server.")
  var url = "http://127.0.0.1:8086"

  @Option(help: "The database.")
  var database: String

  @Option(help: "The measurement with fields anomaly, threshold and rl and a tag pod.")
  var measurement: String

  @Option(help: "The label file.")
  var faults: String

  @Option(help: "FROM/TO without faults, RFC 3339: flags there are false positives.")
  var free: String

  func run() async throws {
    guard let span = TimeSpanText.parse(free) else {
      throw ValidationError("--free needs FROM/TO, two RFC 3339 times, the first the earlier")
    }
    let labels = try FaultCSV.parse(String(contentsOfFile: faults, encoding: .utf8))
    let scores = try await QueryClient(url: url, database: database).scores(in: measurement)
    print(DetectionTable(scores: scores, faults: labels, free: span).text, terminator: "")
  }
}

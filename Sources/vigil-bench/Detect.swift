import ArgumentParser
import Bench

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure training and scoring, beside PyTorch where python3 has it.")

  @Option(help: "Runs after the first, of which the fastest counts.")
  var runs = 5

  @Flag(help: "One JSON document in place of the table.")
  var json = false

  func validate() throws {
    guard runs >= 1 else { throw ValidationError("--runs is at least 1") }
  }

  func run() throws {
    var benchmark = DetectBenchmark()
    benchmark.runs = runs
    let report = try benchmark.run()
    if json {
      try JSONOutput.write(report)
    } else {
      print(report.text, terminator: "")
    }
  }
}

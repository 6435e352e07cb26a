import ArgumentParser
import Bench

struct Fleet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write and score many containers once a second, in real time.")

  @Option(help: "Containers, each with a model of its own.")
  var containers = 10_000

  @Option(help: "Seconds of live data.")
  var seconds = 60

  @Option(help: "Options of the model, 'name = value, …'.")
  var with = "epochs = 1"

  @Flag(help: "One JSON document in place of the table.")
  var json = false

  func validate() throws {
    guard containers >= 1, seconds >= 1 else {
      throw ValidationError("--containers and --seconds are at least 1")
    }
  }

  func run() async throws {
    var benchmark = FleetBenchmark()
    benchmark.containers = containers
    benchmark.seconds = seconds
    benchmark.options = with
    let report = try await benchmark.run()
    if json {
      try JSONOutput.write(report)
    } else {
      print(report.text, terminator: "")
    }
  }
}

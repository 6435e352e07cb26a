import ArgumentParser
import Bench
import Foundation

struct Store: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure ingest, size on disk, recovery and queries.",
    discussion: """
      Two made-up workloads: devops is the Time Series Benchmark Suite's cpu-only (100 hosts every \
      10 s for 3 days, 10 integers), containers is 200 pods every second for 6 hours, 8 values. \
      Servers run on a free port of the loopback interface with a temporary data directory.
      """)

  enum Shape: String, ExpressibleByArgument, CaseIterable {
    case devops, containers, all
  }

  @Option(help: "The workload.")
  var shape = Shape.all

  @Option(help: ArgumentHelp("Divide the time that the data covers.", valueName: "divisor"))
  var scale = 1

  @Option(
    help: ArgumentHelp(
      "Measure these parts: embedded, http, size, queries.", valueName: "part,part…"))
  var only: String?

  @Option(help: "Runs of each query after the first.")
  var runs = 7

  @Flag(help: "One JSON document in place of the tables.")
  var json = false

  @Flag(help: "Do the same with InfluxDB 1.x and VictoriaMetrics, where they are installed.")
  var peers = false

  @Option(help: "The server's executable. (default: vigild beside this program)")
  var vigild: String?

  private var parts: Set<StoreBenchmark.Part> {
    get throws {
      guard let only else { return Set(StoreBenchmark.Part.allCases) }
      return Set(
        try only.split(separator: ",").map { name in
          guard let part = StoreBenchmark.Part(rawValue: String(name)) else {
            throw ValidationError("--only does not know \"\(name)\"")
          }
          return part
        })
    }
  }

  func validate() throws {
    guard scale >= 1 else { throw ValidationError("--scale is at least 1") }
    guard runs >= 1 else { throw ValidationError("--runs is at least 1") }
    _ = try parts
  }

  func run() async throws {
    var benchmark = StoreBenchmark()
    benchmark.scale = scale
    benchmark.parts = try parts
    benchmark.warmRuns = runs
    if let shape = StoreShape(rawValue: shape.rawValue) { benchmark.shapes = [shape] }
    benchmark.programs = try programs()
    let report = try await benchmark.run()
    if json {
      FileHandle.standardOutput.write(try report.json() + Data("\n".utf8))
    } else {
      print(report.text(try parts), terminator: "")
    }
  }

  private func programs() throws -> [ServerProgram] {
    let beside = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent(
      "vigild")
    guard let server = vigild.map({ URL(fileURLWithPath: $0) }) ?? beside,
      FileManager.default.isExecutableFile(atPath: server.path)
    else { throw ValidationError("no vigild beside this program; give --vigild") }
    var programs = [ServerProgram.vigil(executable: server)]
    guard peers else { return programs }
    if let url = find("influxd") { programs.append(.influxDB(executable: url)) }
    if let url = find("victoria-metrics") { programs.append(.victoriaMetrics(executable: url)) }
    return programs
  }

  private func find(_ name: String) -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { URL(fileURLWithPath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}

import ArgumentParser
import Bench
import Foundation

struct Series: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what series cost: memory, creating them, opening a database of many.",
    discussion: """
      The series are a cluster's containers with five tags, of which the pod is unique. Each gets \
      one point.
      """)

  @Option(help: "Series to create.")
  var count = 1_000_000

  @Flag(help: "One JSON document in place of the table.")
  var json = false

  @Option(help: .hidden)
  var open: String?

  func validate() throws {
    guard (1...Int(UInt32.max)).contains(count) else {
      throw ValidationError("--count is between 1 and \(UInt32.max)")
    }
  }

  func run() throws {
    if let open {
      try JSONOutput.write(SeriesBenchmark.measureOpening(URL(fileURLWithPath: open)))
      return
    }
    var benchmark = SeriesBenchmark(openElsewhere: Self.openInChild)
    benchmark.count = count
    let report = try benchmark.run()
    if json { try JSONOutput.write(report) } else { print(report.text, terminator: "") }
  }

  @Sendable private static func openInChild(_ directory: URL) throws -> SeriesReport.Opening {
    let child = Process()
    child.executableURL = Bundle.main.executableURL
    child.arguments = ["series", "--open", directory.path]
    let output = Pipe()
    child.standardOutput = output
    try child.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    child.waitUntilExit()
    return try JSONDecoder().decode(SeriesReport.Opening.self, from: answer)
  }
}

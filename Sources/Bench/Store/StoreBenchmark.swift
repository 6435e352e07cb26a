import Foundation

/// The store benchmark: what is measured, with which programs.
public struct StoreBenchmark: Sendable {
  /// What of it is wanted.
  public enum Part: String, Sendable, CaseIterable {
    case embedded, http, size, queries
  }

  public var shapes = StoreShape.allCases
  public var scale = 1
  public var parts = Set(Part.allCases)
  /// The first is Vigil; the others are what it is compared with.
  public var programs: [ServerProgram] = []
  public var warmRuns = 7

  public init() {}

  /// Says on standard error what it is at, and works in a directory of its own below the temporary
  /// one, which is gone afterwards.
  public func run() async throws -> StoreReport {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var report = StoreReport(
      scale: scale, processors: ProcessInfo.processInfo.activeProcessorCount,
      loadAverageBefore: Self.loadAverage())
    for shape in shapes {
      report.shapes.append(try await measure(shape, in: directory))
    }
    return report
  }

  private func measure(_ shape: StoreShape, in directory: URL) async throws -> StoreReport.Shape {
    let workload = shape.workload(scale: scale)
    var result = StoreReport.Shape(
      shape: shape, series: workload.series.count, lines: workload.lineCount,
      values: workload.valueCount, spanSeconds: Double(workload.span) / 1e9, servers: [])
    if parts.contains(.embedded) {
      say("\(shape.rawValue): embedded, line protocol")
      result.embedded = try await EmbeddedIngest(form: .lineProtocol).run(
        workload, in: directory.appendingPathComponent("embedded"))
      say("\(shape.rawValue): embedded, points")
      result.embeddedPoints = try await EmbeddedIngest(form: .points).run(
        workload, in: directory.appendingPathComponent("embedded"))
    }
    guard !parts.isDisjoint(with: [.http, .size, .queries]) else { return result }
    for program in programs {
      say("\(shape.rawValue): \(program.name)")
      let benchmark = ServerBenchmark(
        program: program, port: try FreePort.find(), workload: workload,
        queries: parts.contains(.queries) ? StoreQuery.all(shape, of: workload) : [],
        warmRuns: warmRuns)
      result.servers.append(
        try await benchmark.run(in: directory.appendingPathComponent(program.name)))
    }
    return result
  }

  private func say(_ text: String) {
    FileHandle.standardError.write(Data((text + " …\n").utf8))
  }

  private static func loadAverage() -> Double? {
    var averages = [0.0, 0.0, 0.0]
    return getloadavg(&averages, 3) == 3 ? averages[0] : nil
  }
}

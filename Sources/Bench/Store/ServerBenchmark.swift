import Foundation
import NIOCore

/// Measures one server with one workload: ingest, a kill and the restart after it, the size on
/// disk, and queries.
struct ServerBenchmark {
  let program: ServerProgram
  let port: Int
  let workload: any Workload
  let queries: [StoreQuery]
  /// Runs of a query after the first.
  let warmRuns: Int

  static let connections = 2

  /// Leaves nothing behind in `directory`.
  func run(in directory: URL) async throws -> StoreReport.Server {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let data = directory.appendingPathComponent("data")

    let ingest = try await withServer(directory) { server in
      let result = try await self.ingest(into: server)
      // Merges are over; Vigil's newest points are still in memory and in the log.
      server.kill()
      return result
    }
    let (recovery, lost) = try await withServer(directory) { server in
      let lost = try await valuesLost(server)
      try await server.settle()
      try server.stop()
      return (server.startSeconds, lost)
    }
    let bytes = ProcessUsage.bytes(under: data)
    let times = try await withServer(directory) { server in
      let times = try await time(server)
      try server.stop()
      return times
    }
    return StoreReport.Server(
      name: program.name, ingest: ingest, recoverySeconds: recovery, valuesLost: lost,
      diskBytes: bytes, queries: times)
  }

  private func withServer<Result>(
    _ directory: URL, _ body: (ServerProcess) async throws -> Result
  ) async throws -> Result {
    let server = try await ServerProcess(program, directory: directory, port: port)
    defer { server.kill() }
    return try await body(server)
  }

  private func ingest(into server: ServerProcess) async throws -> StoreReport.Ingest {
    if program.speaksInfluxQL {
      _ = try await server.ask("/query", [("q", "CREATE DATABASE bench")], post: true)
    }
    let source = BatchSource(workload)
    let client = WriteClient(url: server.url)
    let before = try server.cpuSeconds()
    let clock = ContinuousClock()
    let started = clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.connections {
        group.addTask {
          while let batch = await source.next() { try await client.write(batch) }
        }
      }
      try await group.waitForAll()
    }
    let seconds = (clock.now - started) / .seconds(1)
    let cpu = try server.cpuSeconds() - before
    // InfluxDB writes its cache out when the writes have been over for five seconds, and keeps the
    // log of a cache that it replayed beside what it wrote; VictoriaMetrics has no log, and a kill
    // takes its last seconds. So these two are killed after they have flushed; Vigil before.
    if case .vigil = program {} else { try await Task.sleep(for: .seconds(8)) }
    try await server.settle()
    return StoreReport.Ingest(
      seconds: seconds, cpuSeconds: cpu, settledCPUSeconds: try server.cpuSeconds() - before,
      peakResidentBytes: server.peakResidentBytes)
  }

  /// Acknowledged values that a count does not find; nil where the server has no such count.
  private func valuesLost(_ server: ServerProcess) async throws -> Int? {
    guard program.speaksInfluxQL else { return nil }
    let client = QueryClient(url: server.url, database: "bench")
    let counts = workload.fields.map { "count(\($0.name))" }.joined(separator: ", ")
    let series = try await client.query("SELECT \(counts) FROM \(workload.measurement)")
    let found = series.first?.values.first?.dropFirst().reduce(0) { $0 + Int($1 ?? 0) } ?? 0
    return workload.valueCount - found
  }

  private func time(_ server: ServerProcess) async throws -> [StoreReport.Query] {
    var results: [StoreReport.Query] = []
    let clock = ContinuousClock()
    for query in queries {
      let path: String
      let parameters: [(String, String)]
      if program.speaksInfluxQL {
        path = "/query"
        parameters = [("db", "bench"), ("epoch", "ns"), ("q", query.influxQL)]
      } else if let range = query.metricsQL {
        path = "/api/v1/query_range"
        parameters = [
          ("query", range.expression), ("start", "\(range.start)"), ("end", "\(range.end)"),
          ("step", "\(range.step)s"),
        ]
      } else {
        continue
      }
      var milliseconds: [Double] = []
      var bytes = 0
      for _ in 0...warmRuns {
        let started = clock.now
        bytes = try await server.ask(path, parameters).readableBytes
        milliseconds.append((clock.now - started) / .milliseconds(1))
      }
      results.append(
        StoreReport.Query(
          name: query.name, text: parameters.first { $0.0.hasPrefix("q") }?.1 ?? "",
          freshMilliseconds: milliseconds[0],
          warmMilliseconds: Order.median(Array(milliseconds.dropFirst())) ?? milliseconds[0],
          responseBytes: bytes))
    }
    return results
  }
}

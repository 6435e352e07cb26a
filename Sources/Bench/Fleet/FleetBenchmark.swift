import Foundation
import Storage
import Vigil

/// Many containers, each with a model of its own, written once a second and scored by a continuous
/// query as they come, in one process and in real time.
public struct FleetBenchmark: Sendable {
  public var containers = 10_000
  /// Of live data.
  public var seconds = 60
  /// Rows of each container that its model is trained on.
  public var history = 60
  /// Options of CREATE MODEL, `name = value, …`; a model need only be there, so it is trained for
  /// one epoch.
  public var options = "epochs = 1"

  public init() {}

  private static let database = "fleet"
  private static let second: Int64 = 1_000_000_000

  /// Works in a temporary directory, which it removes.
  public func run() async throws -> FleetReport {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigil-fleet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = Database.Configuration()
    configuration.runsContinuousQueries = true
    let database = try Database.open(at: directory.path, configuration: configuration)
    defer { try? database.close() }
    try await database.tables("CREATE DATABASE \(Self.database)")

    let clock = ContinuousClock()
    var past = WorkloadStream(
      ContainersWorkload(
        pods: containers, steps: history,
        start: wallClock() / Self.second * Self.second - Int64(history) * Self.second),
      linesPerBatch: containers)
    while let batch = past.nextPoints() { try database.write(batch, to: Self.database) }
    let fields = past.workload.fields.map(\.name).joined(separator: ", ")
    let training = try await clock.measure {
      try await database.tables(
        "CREATE MODEL m FROM container FIELDS \(fields) GROUP BY time(1s), pod "
          + "USING lstm_autoencoder WITH (\(options))", in: Self.database)
    }
    try await database.tables(
      "CREATE CONTINUOUS QUERY watch ON \(Self.database) BEGIN SELECT detect(m) "
        + "INTO health FROM container GROUP BY time(1s), pod END")
    while try await lag(database) > 0 { try await Task.sleep(for: .milliseconds(100)) }
    let before = try await scored(database)

    var live = WorkloadStream(
      ContainersWorkload(
        pods: containers, steps: seconds,
        start: wallClock() / Self.second * Self.second + Self.second),
      linesPerBatch: containers)
    var report = FleetReport(
      containers: containers, seconds: seconds, trainingSeconds: training / .seconds(1))
    let cpu = ProcessUsage.ownCPUSeconds(threadOnly: false)
    ProcessUsage.resetOwnPeak()
    for step in 0..<seconds {
      let due = live.workload.start + Int64(step) * Self.second
      try await Task.sleep(for: .nanoseconds(max(0, due - wallClock())))
      let generating = ProcessUsage.ownCPUSeconds(threadOnly: true)
      guard let batch = live.nextPoints() else { break }
      report.generatorSeconds += ProcessUsage.ownCPUSeconds(threadOnly: true) - generating
      let writing = try clock.measure { try database.write(batch, to: Self.database) }
      report.slowestWriteSeconds = max(report.slowestWriteSeconds, writing / .seconds(1))
      report.writeSeconds += writing / .seconds(1)
      let lag = try await lag(database)
      report.lags.append(lag)
    }
    report.cpuSeconds =
      ProcessUsage.ownCPUSeconds(threadOnly: false) - cpu - report.generatorSeconds
    report.peakResidentBytes = ProcessUsage.memory("VmHWM", of: "self")
    // The last interval has still to end, and what is not complete yet is no lag.
    var after = try await scored(database)
    while true {
      try await Task.sleep(for: .seconds(2))
      let now = try await scored(database)
      if now == after, try await lag(database) == 0 { break }
      after = now
    }
    report.rowsScored = after - before
    return report
  }

  private func scored(_ database: Database) async throws -> Int {
    let answer = try await database.tables("SELECT count(rl) FROM health", in: Self.database)
    guard case .integer(let count)? = answer.first?.columns.last?[0] else { return 0 }
    return Int(count)
  }

  /// Seconds that the oldest change not yet scored has waited.
  private func lag(_ database: Database) async throws -> Double {
    let answer = try await database.tables("SHOW CONTINUOUS QUERIES")
    guard let table = answer.first(where: { $0.name == Self.database }),
      case .float(let lag)? = table.column("lag")?[0]
    else { throw BenchError(description: "SHOW CONTINUOUS QUERIES tells no lag") }
    return lag
  }
}

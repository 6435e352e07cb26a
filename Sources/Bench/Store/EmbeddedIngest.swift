import Foundation
import Vigil

/// Writes a workload into a database in this process.
struct EmbeddedIngest {
  enum Form { case lineProtocol, points }

  let form: Form

  /// Leaves nothing behind in `directory`.
  func run(_ workload: any Workload, in directory: URL) async throws -> StoreReport.Ingest {
    defer { try? FileManager.default.removeItem(at: directory) }
    let database = try Database.open(at: directory.path)
    try await database.query("CREATE DATABASE bench")
    let result = try ingest(workload, into: database)
    try database.close()
    return StoreReport.Ingest(
      seconds: result.seconds, cpuSeconds: result.cpu,
      // Closing writes what is still in memory.
      settledCPUSeconds: ProcessUsage.ownCPUSeconds(threadOnly: false) - result.cpuBefore
        - result.generator,
      peakResidentBytes: result.peak)
  }

  /// Stays on one thread, whose own clock tells what the generator took.
  private func ingest(
    _ workload: any Workload, into database: Database
  ) throws -> (seconds: Double, cpu: Double, generator: Double, cpuBefore: Double, peak: Int?) {
    var stream = WorkloadStream(workload)
    var bytes: [UInt8] = []
    var seconds = 0.0
    var generatorCPU = 0.0
    ProcessUsage.resetOwnPeak()
    let cpuBefore = ProcessUsage.ownCPUSeconds(threadOnly: false)
    let clock = ContinuousClock()
    var outcome = WriteOutcome()
    while true {
      let generatorStarted = ProcessUsage.ownCPUSeconds(threadOnly: true)
      let count = form == .lineProtocol ? stream.nextLines(into: &bytes) : 0
      let batch = form == .points ? stream.nextPoints() : nil
      generatorCPU += ProcessUsage.ownCPUSeconds(threadOnly: true) - generatorStarted
      guard count > 0 || batch != nil else { break }
      let started = clock.now
      if let batch {
        outcome = try database.write(batch, to: "bench")
      } else {
        outcome = try bytes.withUnsafeBytes { try database.write(lineProtocol: $0, to: "bench") }
      }
      seconds += (clock.now - started) / .seconds(1)
      if let refused = outcome.rejections.first {
        throw BenchError(description: "line \(refused.line) refused: \(refused.reason)")
      }
    }
    let cpu = ProcessUsage.ownCPUSeconds(threadOnly: false) - cpuBefore - generatorCPU
    return (seconds, cpu, generatorCPU, cpuBefore, ProcessUsage.memory("VmHWM", of: "self"))
  }
}

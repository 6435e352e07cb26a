import Bench
import Testing

@Suite struct FleetBenchmarkTests {
  @Test func everyRowWithAWindowBehindItIsScored() async throws {
    var benchmark = FleetBenchmark()
    benchmark.containers = 3
    benchmark.seconds = 3
    benchmark.options = "epochs = 1, window = 2, sustain = 1"
    let report = try await benchmark.run()
    #expect(report.rowsScored == 3 * 2)
    #expect(report.lags.count == 3)
  }
}

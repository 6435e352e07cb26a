import Bench
import Testing

@Suite struct DetectBenchmarkTests {
  @Test func everyFigureIsThere() throws {
    var benchmark = DetectBenchmark()
    benchmark.windows = 128
    benchmark.batchedRows = 128
    benchmark.runs = 1
    benchmark.peers = false
    let report = try benchmark.run()
    #expect(report.shapes.map(\.name) == ["F 8 W 30 H 64 L 16", "F 8 W 10 H 32 L 8"])
    for figures in report.shapes.map(\.vigil) {
      let all = [
        figures.epochSeconds, figures.twoThreadEpochSeconds, figures.singleMicroseconds,
        figures.batchedMicroseconds,
      ]
      #expect(all.allSatisfy { $0 > 0 && $0.isFinite })
    }
    #expect(report.shapes.allSatisfy { $0.pytorch == nil })
    #expect(report.text.contains("PyTorch was not asked for"))
  }
}

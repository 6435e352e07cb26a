import Testing
import TimeSeries

@testable import Bench

@Suite struct SeriesBenchmarkTests {
  @Test func aSmallRunFindsAllItsSeries() throws {
    var benchmark = SeriesBenchmark(openElsewhere: SeriesBenchmark.measureOpening)
    benchmark.count = 300
    benchmark.batchSize = 70
    let report = try benchmark.run()
    #expect(report.series == 300)
    #expect(report.opening.series == 300)
    #expect(report.text.contains("300 series"))
  }

  @Test func keysAreCanonicalAndDistinct() {
    let keys = (0..<2000).map(SeriesBenchmark.key)
    #expect(Set(keys).count == 2000)
    for key in keys { #expect(SeriesKey(canonical: key.utf8)?.description == key) }
  }
}

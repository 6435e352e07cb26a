import Foundation
import Testing

@testable import Bench

@Suite struct OrderTests {
  @Test func medianIsTheMiddle() {
    #expect(Order.median([]) == nil)
    #expect(Order.median([3]) == 3)
    #expect(Order.median([9, 1, 5]) == 5)
    #expect(Order.median([9, 1, 5, 2]) == 3.5)
  }

  @Test func percentileIsTheNearestRank() {
    let values = (1...10).map(Double.init).shuffled()
    #expect(Order.percentile([], 50) == nil)
    #expect(Order.percentile(values, 0) == 1)
    #expect(Order.percentile(values, 10) == 1)
    #expect(Order.percentile(values, 11) == 2)
    #expect(Order.percentile(values, 90) == 9)
    #expect(Order.percentile(values, 100) == 10)
    #expect(Order.percentile(values, 400) == 10)
    #expect(Order.percentile(values, -1) == 1)
  }
}

@Suite struct StoreReportTests {
  static let ingest = StoreReport.Ingest(
    seconds: 4, cpuSeconds: 2, settledCPUSeconds: 5, peakResidentBytes: 64 << 20)

  static func server(_ name: String, warm: Double) -> StoreReport.Server {
    StoreReport.Server(
      name: name, ingest: ingest, recoverySeconds: 0.25, valuesLost: 0, diskBytes: 30_000_000,
      queries: [
        StoreReport.Query(
          name: "lastpoint", text: "SELECT 1", freshMilliseconds: 8, warmMilliseconds: warm,
          responseBytes: 2048)
      ])
  }

  static let report = StoreReport(
    scale: 1, processors: 2, loadAverageBefore: nil,
    shapes: [
      StoreReport.Shape(
        shape: .devops, series: 100, lines: 2_000_000, values: 20_000_000, spanSeconds: 7200,
        embedded: ingest, embeddedPoints: nil,
        servers: [server("vigil", warm: 4), server("other", warm: 10)])
    ])

  func cells(_ text: String, _ name: String) -> [String] {
    text.split(separator: "\n").first { $0.hasPrefix(name) }
      .map { $0.split(separator: " ").map(String.init) } ?? []
  }

  @Test func ratesAndRatiosAreOfTheRightQuantities() {
    let text = Self.report.text(Set(StoreBenchmark.Part.allCases))
    #expect(cells(text, "vigil, HTTP").suffix(5) == ["10.0", "4.00", "5.00", "2.00", "64"])
    #expect(cells(text, "vigil  ").suffix(4) == ["1.50", "28.6", "0.25", "0"])
    #expect(
      cells(text, "lastpoint").suffix(6) == ["8.00", "4.00", "2.00", "8.00", "10.0", "2.50"])
  }

  @Test func onlyTheWantedPartsAreShown() {
    let text = Self.report.text([.size])
    #expect(text.contains("bytes/value"))
    #expect(!text.contains("lastpoint"))
    #expect(!text.contains("vigil, HTTP"))
  }

  @Test func jsonHoldsTheWholeReport() throws {
    let back = try JSONDecoder().decode(StoreReport.self, from: Self.report.json())
    #expect(try back.json() == Self.report.json())
    #expect(back.shapes[0].servers[1].queries[0].warmMilliseconds == 10)
  }

  @Test func tableColumnsAlign() {
    let table = AlignedTable(rows: [["name", "x"], ["a", "1234"], ["longer", "5"]])
    #expect(table.text == "name       x\na       1234\nlonger     5\n")
  }
}

@Suite struct StoreQueryTests {
  @Test func windowsStayWithinTheData() throws {
    for shape in StoreShape.allCases {
      for scale in [1, 100] {
        let workload = shape.workload(scale: scale)
        let start = workload.start / 1_000_000_000
        let end = (workload.start + workload.span) / 1_000_000_000
        for query in StoreQuery.all(shape, of: workload) {
          for time in query.influxQL.matches(of: /(\d{10})s/) {
            let seconds = try #require(Int64(time.1))
            #expect((start...end).contains(seconds), "\(query.influxQL)")
          }
        }
      }
    }
  }

  @Test func hostsAskedForAreDistinctAndThere() throws {
    let workload = StoreShape.devops.workload(scale: 1)
    let names = Set(workload.series.map { $0[0].value })
    let query = try #require(
      StoreQuery.all(.devops, of: workload).first { $0.name == "single-groupby-5-8-1" })
    let hosts = query.influxQL.matches(of: /hostname = '(\w+)'/).map { String($0.1) }
    #expect(Set(hosts).count == 8)
    #expect(names.isSuperset(of: hosts))
  }

  @Test func sizeIsThatOfAllFilesBelow() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("bench-size-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let inner = directory.appendingPathComponent("a/b")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    try Data(count: 100).write(to: directory.appendingPathComponent("x"))
    try Data(count: 23).write(to: inner.appendingPathComponent(".hidden"))
    #expect(ProcessUsage.bytes(under: directory) == 123)
    let sparse = directory.appendingPathComponent("sparse")
    try Data([1]).write(to: sparse)
    let handle = try FileHandle(forWritingTo: sparse)
    try handle.truncate(atOffset: 1 << 30)
    try handle.close()
    #expect(ProcessUsage.bytes(under: directory) < 1 << 20)
  }
}

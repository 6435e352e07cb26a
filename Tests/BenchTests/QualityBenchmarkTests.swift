import Bench
import Foundation
import LineProtocol
import Testing
import TimeSeries

@Suite struct QualityBenchmarkTests {
  /// The generated day, cut to 07:51 so that training takes a moment.
  static func benchmark(in directory: URL, gzip: Bool) throws -> QualityBenchmark {
    let day = DayGenerator(samples: 231...470)
    var writer = LineProtocolWriter()
    try writer.append(day.points())
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var url = directory.appendingPathComponent("day.lp")
    try Data(writer.bytes).write(to: url)
    if gzip {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["gzip", url.path]
      try process.run()
      process.waitUntilExit()
      url.appendPathExtension("gz")
    }
    func span(_ from: String, _ to: String) throws -> Range<Timestamp> {
      try #require(TimeSpanText.parse("2022-08-22T\(from):00Z/2022-08-22T\(to):00Z"))
    }
    var benchmark = QualityBenchmark(
      points: url, faults: day.faults, train: try span("05:00", "07:00"),
      free: try span("07:00", "07:50"), faultSpan: try span("04:10", "05:00"))
    benchmark.options = "epochs = 2, hidden = 4, latent = 2"
    return benchmark
  }

  @Test(arguments: [true, false]) func judgesADay(gzip: Bool) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigil-quality-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let benchmark = try Self.benchmark(in: directory, gzip: gzip)
    let report = try await benchmark.run()
    #expect(report.fields == QualityBenchmark.defaultFields)
    #expect(report.table.rows.count == 10)
    // Injections at 04:15:17, 04:25:17 … 04:55:17 count, 04:05:17 and those after 05:00 do not.
    #expect(report.table.all.injected == 5)
    #expect(report.table.rows.allSatisfy { $0.freeRows == 50 })
    #expect(report.table.rows.allSatisfy { ($0.threshold ?? 0) > 0 })
    for scores in report.scores {
      // A window is eight rows.
      #expect(scores.timestamps.count == 240 - 7)
      #expect(zip(scores.ratios, scores.anomalies).allSatisfy { ($0 > 1) == $1 })
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
    let table = try #require(json["table"] as? [String: Any])
    #expect((table["faults"] as? [Any])?.count == 5)

    try benchmark.plot(report, pods: ["frontend"], into: directory)
    let pictures = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(".svg") }
    #expect(pictures.count == 1 && pictures[0].hasPrefix("frontend"))
    let picture = try Data(contentsOf: directory.appendingPathComponent(pictures[0]))
    #expect(picture.count < 60_000)
    let labelled = benchmark.faults.count { $0.pod.hasPrefix("frontend") }
    let marks = String(decoding: picture, as: UTF8.self).split(separator: "class=\"f\"").count - 1
    #expect(marks == labelled && labelled > 0)
  }

  @Test func whatIsWrongIsSaid() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigil-quality-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let benchmark = try Self.benchmark(in: directory, gzip: false)
    var misspelt = benchmark
    misspelt.options = "windows = 3"
    #expect(await message(of: misspelt).contains("windows"))
    var missing = benchmark
    missing.points = directory.appendingPathComponent("nowhere.lp.gz")
    #expect(await message(of: missing).contains("nowhere"))
    var mistaken = benchmark
    mistaken.fields = ["cpu_usage", "disk"]
    #expect(await message(of: mistaken).contains("disk"))
  }

  private func message(of benchmark: QualityBenchmark) async -> String {
    do {
      _ = try await benchmark.run()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    arguments: [
      ("1m", 60_000_000_000), ("90s", 90_000_000_000), ("250ms", 250_000_000), ("0s", nil),
      ("m", nil), ("-1m", nil), ("1w", nil), ("9999999999d", nil),
    ] as [(String, Int64?)])
  func lengthsOfTime(_ text: String, _ nanoseconds: Int64?) {
    #expect(Span(text)?.nanoseconds == nanoseconds)
  }
}

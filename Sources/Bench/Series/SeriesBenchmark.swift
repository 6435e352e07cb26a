import Foundation
import Storage
import TimeSeries

/// Measures what series cost: a database gets many, each with one point, and is opened again.
///
/// The keys are those of a cluster's containers, of which every pod is new:
/// ``SeriesBenchmark/key(_:)``.
public struct SeriesBenchmark: Sendable {
  public var count = 1_000_000
  /// Points of a batch.
  public var batchSize = 5000
  /// Opens a database directory in a process of its own, so that its memory is its own:
  /// ``measureOpening(_:)`` there.
  public var openElsewhere: @Sendable (URL) throws -> SeriesReport.Opening

  public init(openElsewhere: @escaping @Sendable (URL) throws -> SeriesReport.Opening) {
    self.openElsewhere = openElsewhere
  }

  private static let database = "bench"

  /// Works in a temporary directory, which it removes.
  public func run() throws -> SeriesReport {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigil-series-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let created = try create(in: directory)
    let opened = try openElsewhere(directory)
    guard opened.series == count else {
      throw BenchError(description: "\(opened.series) of \(count) series after opening")
    }
    return SeriesReport(
      series: count,
      keyBytes: Double((0..<count).reduce(0) { $0 + Self.key($1).utf8.count })
        / Double(count),
      creation: created, opening: opened)
  }

  private func create(in directory: URL) throws -> SeriesReport.Creation {
    let engine = try StorageEngine(
      directory: .init(directory.path), options: StorageOptions(seriesLimit: count))
    try engine.createDatabase(Self.database)
    let before = SeriesReport.Memory.now
    let clock = ContinuousClock()
    var writing = Duration.zero
    for start in stride(from: 0, to: count, by: batchSize) {
      let batch = Self.batch(start..<min(start + batchSize, count))
      let began = clock.now
      let outcome = try engine.write(batch, to: Self.database)
      writing += clock.now - began
      if let refused = outcome.rejections.first {
        throw BenchError(description: "series refused: \(refused.reason)")
      }
    }
    let flushing = try clock.measure { try engine.flush(Self.database) }
    let memory = SeriesReport.Memory.now.map { now in before.map { now - $0 } } ?? nil
    let closing = try clock.measure { try engine.close() }
    return SeriesReport.Creation(
      writeSeconds: writing / .seconds(1), flushSeconds: flushing / .seconds(1),
      closeSeconds: closing / .seconds(1), memory: memory)
  }

  /// Opens a database that another process made.
  public static func measureOpening(_ directory: URL) throws -> SeriesReport.Opening {
    let before = SeriesReport.Memory.now
    let clock = ContinuousClock()
    let began = clock.now
    let engine = try StorageEngine(directory: .init(directory.path))
    let seconds = (clock.now - began) / .seconds(1)
    let memory = SeriesReport.Memory.now.map { now in before.map { now - $0 } } ?? nil
    let series = engine.snapshot(of: database)?.series(of: "container", matching: nil).count ?? 0
    try engine.close()
    return SeriesReport.Opening(series: series, seconds: seconds, memory: memory)
  }

  static func batch(_ numbers: Range<Int>) -> PointBatch {
    var batch = PointBatch()
    let field = batch.internField("cpu_usage")
    for number in numbers {
      batch.beginPoint(
        series: batch.internSeries(key(number).utf8),
        timestamp: 1_700_000_000_000_000_000 + Timestamp(number))
      batch.append(field: field, float: Double(number % 1000) / 8)
    }
    return batch
  }

  /// A canonical key of about 120 bytes: 5 tags, of which the pod is in no other series. The pods'
  /// names end as a deployment's do, in two made-up words.
  static func key(_ number: Int) -> String {
    let service = number % 97
    // A bijection of 32 bits, so that names are distinct and in no order.
    let mixed = UInt32(truncatingIfNeeded: number) &* 2_654_435_761
    let word = String(mixed, radix: 36)
    let padding = String(repeating: "0", count: 7 - word.utf8.count)
    return "container,container=server-\(number % 3),namespace=tenant-\(service % 20)-production,"
      + "node=ip-10-0-\(number % 16)-\(number % 250),"
      + "pod=service-\(service)-7d9f8b6c5-\(padding)\(word),service=service-\(service)"
  }
}

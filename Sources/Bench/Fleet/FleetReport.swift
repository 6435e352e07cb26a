import Foundation

/// What ``FleetBenchmark`` measured.
public struct FleetReport: Sendable, Codable {
  public var containers: Int
  /// Of live data.
  public var seconds: Int
  public var trainingSeconds: Double
  /// Processor time of the process while data came live, without making up the data.
  public var cpuSeconds = 0.0
  public var generatorSeconds = 0.0
  /// In calls of `write`, and the longest.
  public var writeSeconds = 0.0
  public var slowestWriteSeconds = 0.0
  /// Seconds that the oldest change not yet scored had waited, read after each write.
  public var lags: [Double] = []
  public var rowsScored = 0
  public var peakResidentBytes: Int?

  /// A table for people.
  public var text: String {
    func number(_ value: Double) -> String { String(format: "%.2f", value) }
    let sorted = lags.sorted()
    let middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    return AlignedTable(rows: [
      ["\(containers) containers, a row a second each, \(seconds) s", ""],
      ["training, s", number(trainingSeconds)],
      ["processor seconds per second", number(cpuSeconds / Double(max(1, seconds)))],
      ["rows scored", "\(rowsScored)"],
      ["lag, median, s", number(middle)],
      ["lag, largest, s", number(sorted.last ?? 0)],
      ["lag, last, s", number(lags.last ?? 0)],
      [
        "write of a second's rows, mean, ms", number(writeSeconds * 1000 / Double(max(1, seconds))),
      ],
      ["write of a second's rows, longest, ms", number(slowestWriteSeconds * 1000)],
      ["memory at most, MiB", peakResidentBytes.map { "\($0 >> 20)" } ?? "-"],
    ]).text
  }
}

import Foundation

/// What ``SeriesBenchmark`` measured.
public struct SeriesReport: Sendable, Codable {
  /// Bytes that the system says are resident.
  public struct Memory: Sendable, Codable {
    /// Of the process's own (`RssAnon`).
    public var anonymous: Int
    /// With pages of mapped files, which the system takes back when it needs them (`VmRSS`).
    public var total: Int

    /// Nil where there is no `/proc`.
    static var now: Memory? {
      guard let anonymous = ProcessUsage.memory("RssAnon", of: "self"),
        let total = ProcessUsage.memory("VmRSS", of: "self")
      else { return nil }
      return Memory(anonymous: anonymous, total: total)
    }

    static func - (a: Memory, b: Memory) -> Memory {
      Memory(anonymous: a.anonymous - b.anonymous, total: a.total - b.total)
    }
  }

  public struct Creation: Sendable, Codable {
    /// In calls of `write`, each with a batch of new series.
    public var writeSeconds: Double
    /// To write out what was left in memory at the end.
    public var flushSeconds: Double
    public var closeSeconds: Double
    /// What it grew by, from an empty database to all series flushed.
    public var memory: Memory?
  }

  public struct Opening: Sendable, Codable {
    public var series: Int
    public var seconds: Double
    public var memory: Memory?

    public init(series: Int, seconds: Double, memory: Memory?) {
      self.series = series
      self.seconds = seconds
      self.memory = memory
    }
  }

  public var series: Int
  /// Mean length of a canonical key.
  public var keyBytes: Double
  public var creation: Creation
  public var opening: Opening

  /// A table for people.
  public var text: String {
    func number(_ value: Double) -> String {
      String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
    func perSeries(_ bytes: Int?) -> String {
      bytes.map { number(Double($0) / Double(series)) } ?? "-"
    }
    return AlignedTable(rows: [
      ["\(series) series, keys of \(number(keyBytes)) bytes", ""],
      ["memory after creation, bytes/series", perSeries(creation.memory?.anonymous)],
      ["  with mapped files", perSeries(creation.memory?.total)],
      ["memory after opening, bytes/series", perSeries(opening.memory?.anonymous)],
      ["  with mapped files", perSeries(opening.memory?.total)],
      ["write, µs/series", number(creation.writeSeconds * 1e6 / Double(series))],
      ["last flush, s", number(creation.flushSeconds)],
      ["close, s", number(creation.closeSeconds)],
      ["open, s", number(opening.seconds)],
    ]).text
  }
}

import Query
import TestSupport
import TimeSeries

/// Points of a made-up measurement `m`: floats that are whole, so that sums do not depend on their
/// order, and times that no two series share.
struct RandomData {
  struct Point {
    var tags: [String: String]
    var time: Timestamp
    var values: [String: FieldValue]
  }

  static let start: Timestamp = 1_600_000_000_000_000_000
  static let second: Int64 = 1_000_000_000

  var points: [Point] = []

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let hosts = ["a", "b", "c", ""]
    for (series, host) in hosts.enumerated() where Int.random(in: 0..<5, using: &random) > 0 {
      for zone in ["x", "y"] where Bool.random(using: &random) {
        var step = 0
        for _ in 0..<Int.random(in: 1...60, using: &random) {
          step += Int.random(in: 1...30, using: &random)
          var values: [String: FieldValue] = [:]
          if Int.random(in: 0..<4, using: &random) > 0 {
            values["f"] = .float(Double(Int.random(in: -50...50, using: &random)))
          }
          if Bool.random(using: &random) {
            values["i"] = .integer(Int64.random(in: -9...9, using: &random))
          }
          if Int.random(in: 0..<3, using: &random) == 0 {
            values["s"] = .string(["p", "q", "r"].randomElement(using: &random) ?? "p")
          }
          if values.isEmpty { values["b"] = .boolean(Bool.random(using: &random)) }
          points.append(
            Point(
              tags: ["host": host, "zone": zone].filter { !$0.value.isEmpty },
              time: Self.start + Int64(step) * Self.second + Int64(series * 2)
                + (zone == "x" ? 0 : 1), values: values))
        }
      }
    }
    points.sort { $0.time < $1.time }
  }

  func source(blockSize: Int, hasStatistics: Bool = true) -> MemorySource {
    let source = MemorySource(blockSize: blockSize, hasStatistics: hasStatistics)
    for point in points {
      source.insert(
        SeriesKey(
          measurement: "m", tags: point.tags.map { Tag(key: $0.key, value: $0.value) }),
        point.time, point.values)
    }
    return source
  }

  /// The type of a field, nil where no point has it.
  func type(of field: String) -> FieldType? {
    points.lazy.compactMap { $0.values[field]?.type }.first
  }
}

import TestSupport
import TimeSeries

@testable import Storage

/// What a database should hold, kept the simplest way.
struct StoreModel: Hashable {
  static let day: Timestamp = 86_400_000_000_000

  /// By policy.
  var cells: [String: [Cell: FieldValue]] = [:]

  mutating func write(_ points: [TestPoint], policy: String) {
    for point in points {
      for (field, value) in point.fields {
        cells[policy, default: [:]][Cell(key: point.key, field: field, time: point.time)] = value
      }
    }
  }

  mutating func dropMeasurement(_ name: String) { remove { Self.measurement($0.key) == name } }

  mutating func delete(key: String, from: Timestamp, through: Timestamp) {
    remove { $0.key == key && $0.time >= from && $0.time <= through }
  }

  private mutating func remove(where isGone: (Cell) -> Bool) {
    cells = cells.mapValues { $0.filter { !isGone($0.key) } }
  }

  /// Keys of the series that have any row, whatever the policy.
  var series: Set<String> { Set(cells.values.flatMap { $0.keys.map(\.key) }) }

  static func measurement(_ key: String) -> String { String(key.prefix { $0 != "," }) }

  func cells(_ policy: String, from: Timestamp, through: Timestamp) -> [Cell: FieldValue] {
    (cells[policy] ?? [:]).filter { $0.key.time >= from && $0.key.time <= through }
  }
}

/// Random points over few series, fields and times, so that they meet often.
struct PointSource {
  static let keys = ["m,host=a", "m,host=b", "m,host=c,zone=x", "n", "n,host=a"]
  static let fields: [(String, FieldType)] = [
    ("f", .float), ("i", .integer), ("u", .unsigned), ("b", .boolean), ("s", .string),
  ]

  var generator: SeededGenerator
  var days = -1...2

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }

  mutating func time() -> Timestamp {
    Timestamp(number(days)) * StoreModel.day + Timestamp(number(0...40))
  }

  mutating func points(atMost limit: Int) -> [TestPoint] {
    (0..<number(1...limit)).map { _ in
      let key = Self.keys[number(0...(Self.keys.count - 1))]
      let shape = number(0...3)
      // Mostly the same fields, as collectors send them.
      let fields =
        shape == 0
        ? Self.fields.shuffled(using: &generator).prefix(number(1...3)).map { $0 }
        : Array(Self.fields[..<2])
      return TestPoint(key, time(), fields.map { ($0.0, value($0.1)) })
    }
  }

  private mutating func value(_ type: FieldType) -> FieldValue {
    switch type {
    case .float: .float(Double(number(-1000...1000)) / 8)
    case .integer: .integer(Int64(number(-5...5)))
    case .unsigned: .unsigned(UInt64(number(0...9)))
    case .boolean: .boolean(number(0...1) == 1)
    case .string: .string(String(repeating: "x", count: number(0...3)))
    }
  }
}

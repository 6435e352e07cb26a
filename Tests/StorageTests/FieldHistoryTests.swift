import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// Random histories of series that come and go, against the simplest model of fields: those written
/// since the measurement last had no series.
@Suite struct FieldHistoryTests {
  struct Measurement: Hashable {
    var series: Set<String> = []
    var fields: [String: FieldType] = [:]
  }

  private static let values: [FieldValue] = [
    .float(1), .integer(1), .unsigned(1), .boolean(true), .string("x"),
  ]

  struct Run {
    var generator: SeededGenerator
    var files = SimulatedFileSystem()
    var engine: StorageEngine
    var model: [String: Measurement] = [:]
    var rows: [Cell: FieldValue] = [:]
    var history: [String] = []
    let options: StorageOptions

    init(seed: UInt64) throws {
      generator = SeededGenerator(seed: seed)
      options = .deterministic(memtableLimit: seed % 2 == 0 ? 3_000 : 1 << 30)
      engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
      try engine.createDatabase("db")
    }

    mutating func step(_ time: Timestamp) throws {
      let measurement = generator.pick(["m", "n"])
      let key = measurement + generator.pick(["", ",pod=a", ",pod=b"])
      switch Int.random(in: 0...11, using: &generator) {
      case 0...4: try write(key, of: measurement, time)
      case 5...6:
        history.append("drop \(key)")
        try drop(measurement) { $0 == key }
      case 7:
        history.append("drop all of \(measurement)")
        try drop(measurement) { _ in true }
      case 8:
        history.append("flush")
        try engine.flush("db")
      case 9:
        history.append("compact")
        try engine.compact("db")
      case 10:
        history.append("restart")
        try engine.close()
        engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
      default:
        history.append("power cut")
        files = files.afterPowerCut(.everything)
        engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
      }
    }

    private mutating func write(_ key: String, of measurement: String, _ time: Timestamp) throws {
      let name = generator.pick(["u", "v", "w"])
      let value = generator.pick(FieldHistoryTests.values)
      history.append("write \(key) \(name)=\(value)")
      let outcome = try engine.write(PointBatch([TestPoint(key, time, [(name, value)])]), to: "db")
      let known = model[measurement]?.fields[name]
      #expect(outcome.acceptedPoints == (known == nil || known == value.type ? 1 : 0))
      if outcome.acceptedPoints == 0 { return }
      model[measurement, default: Measurement()].fields[name] = value.type
      model[measurement]?.series.insert(key)
      rows[Cell(key: key, field: name, time: time)] = value
    }

    private mutating func drop(_ measurement: String, _ isMeant: (String) -> Bool) throws {
      let series = engine.snapshot(of: "db")?.series(of: measurement, matching: nil) ?? []
      try engine.dropSeries(series.filter { isMeant($0.key.description) }.map(\.id), in: "db")
      if let left = model[measurement]?.series.filter({ !isMeant($0) }) {
        model[measurement]?.series = left
        if left.isEmpty { model[measurement] = nil }
      }
      rows = rows.filter {
        StoreModel.measurement($0.key.key) != measurement || !isMeant($0.key.key)
      }
    }

    func check(_ place: Comment) throws {
      let snapshot = try #require(engine.snapshot(of: "db"))
      let found = snapshot.measurements.map { name in
        let fields = snapshot.schema(of: name)?.fields.map { ($0.name, $0.type) } ?? []
        return (
          name,
          Measurement(
            series: Set(snapshot.series(of: name, matching: nil).map(\.key.description)),
            fields: Dictionary(uniqueKeysWithValues: fields))
        )
      }
      try #require(Dictionary(uniqueKeysWithValues: found) == model, place)
      try #require(try snapshot.cells() == rows, place)
      #expect(engine.problems == [], place)
    }
  }

  @Test(arguments: 0..<30) func fieldsLastAsLongAsTheirMeasurement(_ seed: UInt64) throws {
    var run = try Run(seed: seed)
    for number in 0..<80 {
      try run.step(Timestamp(number))
      try run.check("seed \(seed): \(run.history.suffix(20))")
    }
  }
}

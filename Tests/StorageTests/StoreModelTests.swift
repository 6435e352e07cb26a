import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// Random histories against ``StoreModel``.
@Suite struct StoreModelTests {
  static let second = RetentionPolicy(name: "short", partitionDuration: StoreModel.day / 2)

  final class Run {
    var source: PointSource
    var files = SimulatedFileSystem()
    var engine: StorageEngine?
    var model = StoreModel()
    let options: StorageOptions
    /// Snapshots with what they must go on showing.
    var held: [(snapshot: any DatabaseSnapshot, model: StoreModel)] = []
    var history: [String] = []

    init(seed: UInt64) throws {
      source = PointSource(generator: SeededGenerator(seed: seed))
      options = .deterministic(
        memtableLimit: [6_000, 20_000, 1 << 30][Int(seed % 3)], blockRows: [3, 8192][Int(seed % 2)])
      try open()
      try engine?.createDatabase("db")
      try engine?.createRetentionPolicy(StoreModelTests.second, in: "db")
    }

    func open() throws {
      engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    }

    func step() throws {
      guard let engine else { return }
      switch source.number(0...23) {
      case 0...10:
        let points = source.points(atMost: 12)
        let policy = source.number(0...3) == 0 ? "short" : "autogen"
        history.append("write \(points.count) \(policy)")
        let outcome = try engine.write(
          PointBatch(points), to: "db", retentionPolicy: policy == "autogen" ? nil : policy)
        #expect(outcome.acceptedPoints == points.count)
        model.write(points, policy: policy)
      case 11...12:
        history.append("flush")
        try engine.flush("db")
      case 13:
        history.append("power cut")
        self.engine = nil
        held.removeAll()
        files = files.afterPowerCut(.everything)
        try open()
      case 14:
        history.append("restart")
        try engine.close()
        try open()
      case 15:
        let name = ["m", "n"][source.number(0...1)]
        history.append("drop \(name)")
        try engine.dropMeasurement(name, in: "db")
        model.dropMeasurement(name)
      case 16...17:
        try delete(engine)
      case 18...19:
        history.append("compact what is due")
        #expect(try engine.store("db").compactWhatIsDue())
      case 20:
        history.append("compact")
        try engine.compact("db")
      default:
        history.append("hold")
        if held.count >= 2 { held.removeFirst() }
        if let snapshot = engine.snapshot(of: "db") { held.append((snapshot, model)) }
      }
    }

    private func delete(_ engine: StorageEngine) throws {
      let key = PointSource.keys[source.number(0...4)]
      let times = [source.time(), source.time()].sorted()
      history.append("delete \(key) \(times)")
      let series =
        engine.snapshot(of: "db")?.series(of: StoreModel.measurement(key), matching: nil)
        .filter { $0.key.description == key }.map(\.id) ?? []
      try engine.delete(series, from: times[0], through: times[1], in: "db")
      model.delete(key: key, from: times[0], through: times[1])
    }

    func check() throws {
      guard let snapshot = engine?.snapshot(of: "db") else {
        Issue.record("the database is gone")
        return
      }
      try check(snapshot, model)
      for (snapshot, model) in held { try check(snapshot, model) }
    }

    private func check(_ snapshot: any DatabaseSnapshot, _ model: StoreModel) throws {
      let listed = snapshot.measurements.flatMap {
        snapshot.series(of: $0, matching: nil).map(\.key.description)
      }
      if Set(listed) != model.series || listed.count != model.series.count {
        Issue.record(
          "series \(listed) for \(model.series.sorted()) after \(history.suffix(12))")
        throw ContractBroken(what: "series")
      }
      let times = [source.time(), source.time()].sorted()
      for policy in ["autogen", "short"] {
        for range in [TimestampBounds.earliest...TimestampBounds.latest, times[0]...times[1]] {
          let found = try snapshot.cells(
            from: range.lowerBound, through: range.upperBound, retentionPolicy: policy)
          let wanted = model.cells(policy, from: range.lowerBound, through: range.upperBound)
          if found != wanted {
            Issue.record(
              """
              \(policy) \(range) differs after \(history.suffix(12)): missing \
              \(wanted.filter { found[$0.key] != $0.value }.sorted { $0.key < $1.key }.prefix(5)), \
              too much \
              \(found.filter { wanted[$0.key] != $0.value }.sorted { $0.key < $1.key }.prefix(5))
              """)
            throw ContractBroken(what: "contents")
          }
        }
      }
    }
  }

  @Test(arguments: 0..<12) func theStoreHoldsWhatTheModelHolds(seed: UInt64) throws {
    let run = try Run(seed: seed)
    for number in 0..<60 {
      do {
        try run.step()
        if number % 4 == 0 { try run.check() }
      } catch {
        Issue.record("seed \(seed), step \(number): \(error)")
        return
      }
    }
    try run.check()
    #expect(run.engine?.problems == [])
    #expect(run.engine?.verify() == [])
  }
}

import Testing
import TimeSeries

@testable import Storage

/// Power cuts and kills at every file operation of a mixed workload.
@Suite struct CrashTests {
  /// Does one step after another until one fails; remembers what the database held after each.
  private struct Workload {
    /// The model after the steps that were acknowledged; the first is the empty database.
    var states: [StoreModel] = []
    /// The model after the step that failed, had it succeeded.
    var underway: StoreModel?
    /// States up to this one were followed by a flush: durable under any policy.
    var durable = 0
    var files: SimulatedFileSystem

    mutating func run(_ options: StorageOptions) {
      do {
        let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
        try engine.createDatabase("db")
        states.append(StoreModel())
        var source = PointSource(generator: SeededGenerator(seed: 7), days: 0...1)
        for step in 0..<18 { try run(step, &source, engine) }
        try engine.close()
        durable = states.count - 1
      } catch {
        return
      }
    }

    private mutating func run(
      _ step: Int, _ source: inout PointSource, _ engine: StorageEngine
    ) throws {
      var model = states[states.count - 1]
      switch step {
      case 3, 4, 6, 9:
        try engine.flush("db")
        durable = states.count - 1
      case 10, 13:
        if try !engine.store("db").compactWhatIsDue() { throw ContractBroken(what: "crashed") }
      case 14, 17:
        try engine.compact("db")
        durable = states.count - 1
      case 7:
        model.dropMeasurement("n")
        underway = model
        try engine.dropMeasurement("n", in: "db")
      case 11:
        model.delete(key: "m,host=a", from: 0, through: 30)
        underway = model
        let series =
          engine.snapshot(of: "db")?.series(
            of: "m", matching: .equal(key: "host", value: "a")) ?? []
        try engine.delete(series.map(\.id), from: 0, through: 30, in: "db")
      default:
        let points = source.points(atMost: 4)
        model.write(points, policy: "autogen")
        underway = model
        _ = try engine.write(PointBatch(points), to: "db")
      }
      underway = nil
      states.append(model)
      if step == 7 || step == 11 { durable = states.count - 1 }
    }
  }

  private static func finish(_ sync: SyncPolicy) -> [String] {
    let files = SimulatedFileSystem()
    var workload = Workload(files: files)
    workload.run(.deterministic(sync: sync, memtableLimit: 12_000))
    return files.operationLog
  }

  private func check(
    _ sync: SyncPolicy, crashAt operation: Int, _ loss: SimulatedFileSystem.Loss
  ) throws {
    let files = SimulatedFileSystem()
    files.crash(at: operation)
    var workload = Workload(files: files)
    let options = StorageOptions.deterministic(sync: sync, memtableLimit: 12_000)
    workload.run(options)
    let left = files.afterPowerCut(loss, seed: UInt64(operation))
    let place: Comment = "\(sync), \(loss), operation \(operation)"
    let engine = try StorageEngine(directory: "/data", fileSystem: left, options: options)
    if loss != .zeroedTails { #expect(engine.problems == [], place) }
    guard let snapshot = engine.snapshot(of: "db") else {
      #expect(workload.states.isEmpty, place)
      return
    }
    let found = StoreModel(cells: ["autogen": try snapshot.cells()])
    let isKept = sync == .always || loss == .nothing
    let first = isKept ? workload.states.count - 1 : workload.durable
    var allowed = workload.states.isEmpty ? [StoreModel()] : Array(workload.states[first...])
    if let underway = workload.underway { allowed.append(underway) }
    let isAllowed = allowed.contains {
      $0.cells("autogen", from: .min, through: .max) == found.cells["autogen"]
    }
    #expect(isAllowed, place)
    try checkGoesOn(engine, left, found, options, place)
  }

  /// A store that was recovered takes writes, flushes, and is the same after another start.
  private func checkGoesOn(
    _ engine: StorageEngine, _ files: SimulatedFileSystem, _ before: StoreModel,
    _ options: StorageOptions, _ place: Comment
  ) throws {
    var model = before
    let points = [TestPoint("m,host=z", 1, [("f", .float(1))])]
    _ = try engine.write(PointBatch(points), to: "db")
    model.write(points, policy: "autogen")
    try engine.flush("db")
    let again = try StorageEngine(
      directory: "/data", fileSystem: files.afterPowerCut(.everything), options: options)
    #expect(again.problems == [], place)
    #expect(try again.snapshot(of: "db")?.cells() == model.cells["autogen"], place)
  }

  @Test(arguments: SimulatedFileSystem.Loss.allCases)
  func noOperationLosesWhatWasSynced(_ loss: SimulatedFileSystem.Loss) throws {
    let log = Self.finish(.always)
    let count = log.count
    // The workload is to stay worth it: compaction removes segments.
    #expect(count > 100)
    #expect(log.filter { $0.hasPrefix("remove ") && $0.hasSuffix(".seg") }.count > 10)
    for operation in 0..<count { try check(.always, crashAt: operation, loss) }
  }

  @Test(arguments: SimulatedFileSystem.Loss.allCases)
  func withoutSyncsWhatIsLeftIsABeginning(_ loss: SimulatedFileSystem.Loss) throws {
    for operation in Self.finish(.interval(milliseconds: 100)).indices {
      try check(.interval(milliseconds: 100), crashAt: operation, loss)
    }
  }

  /// The operation fails and the process lives: the caller sees the error, nothing acknowledged is
  /// lost then or at the next start, and what was refused is whole or not there.
  @Test func oneFailedOperationLosesNothingAcknowledged() throws {
    for operation in Self.finish(.always).indices {
      let files = SimulatedFileSystem()
      let options = StorageOptions.deterministic(sync: .always, memtableLimit: 12_000)
      guard
        let engine = try? StorageEngine(directory: "/data", fileSystem: files, options: options),
        (try? engine.createDatabase("db")) != nil
      else { continue }
      files.fail(at: operation)
      var source = PointSource(generator: SeededGenerator(seed: 7), days: 0...1)
      var sure = StoreModel()
      var unsure: [[TestPoint]] = []
      for step in 0..<9 {
        let points = source.points(atMost: 4)
        if step == 6 { _ = try engine.store("db").compactWhatIsDue() }
        if step == 7 { try? engine.compact("db") }
        do {
          if step % 5 == 4 { try engine.flush("db") }
          _ = try engine.write(PointBatch(points), to: "db")
          sure.write(points, policy: "autogen")
        } catch {
          unsure.append(points)
        }
      }
      let log = files.operationLog
      // This workload is shorter: past its end there is nothing left to fail.
      if operation >= log.count { return }
      let place: Comment = "operation \(operation): \(log[operation])"
      let refused = Set(
        unsure.joined().flatMap { point in
          point.fields.map { Cell(key: point.key, field: $0.0, time: point.time) }
        })
      for view in [files, files.afterPowerCut(.everything)] {
        let cells =
          view === files
          ? try engine.snapshot(of: "db")?.cells()
          : try StorageEngine(directory: "/data", fileSystem: view, options: options)
            .snapshot(of: "db")?.cells()
        let found = try #require(cells, place)
        let wanted = sure.cells["autogen"] ?? [:]
        #expect(
          found.filter { !refused.contains($0.key) } == wanted.filter { !refused.contains($0.key) },
          place)
      }
    }
  }
}

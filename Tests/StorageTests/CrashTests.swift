import Testing
import TimeSeries

@testable import Storage

/// Power cuts and kills at every file operation of workloads that have all there is in them.
@Suite struct CrashTests {
  @Test(arguments: CrashRun.seeds)
  func aWorkloadHasAllThereIs(_ seed: UInt64) throws {
    let log = try CrashRun.operations(.always, seed: seed)
    func count(_ operation: String, _ suffix: String) -> Int {
      log.filter { $0.hasPrefix(operation) && $0.hasSuffix(suffix) }.count
    }
    #expect(count("rename", "models/a.new") == 3 && count("rename", "q%2F1.new") == 2)
    #expect(count("remove", "models/a") == 1 && count("remove", "q%2F1") == 1)
    #expect(count("create", ".seg") > 10 && count("remove", ".seg") > 5)
    #expect(count("rename", "databases/other") == 1 && count("removeTree", "other.dropped") == 1)
  }

  @Test(arguments: CrashRun.seeds, [SyncPolicy.always, .interval(milliseconds: 100)])
  func aCrashAnywhereLosesNothingThatWasPromised(_ seed: UInt64, _ sync: SyncPolicy) throws {
    let log = try CrashRun.operations(sync, seed: seed)
    let run = CrashRun(sync: sync)
    var tried = 0
    // Many crashes leave the same; once for each thing that may then be found is enough.
    var seen: Set<[Int]> = []
    func check(
      _ loss: SimulatedFileSystem.Loss, _ left: SimulatedFileSystem, goesOn: Bool, _ place: Comment
    ) {
      tried += 1
      let isKept = sync == .always || loss == .nothing
      let moment = [
        Int(run.clock.now),
        left.fingerprint, run.states.count, run.underway == nil ? 0 : 1, isKept ? 1 : 0,
        loss == .zeroedTails ? 1 : 0,
      ]
      guard seen.insert(moment).inserted else { return }
      do {
        let engine = try StorageEngine(directory: "/data", fileSystem: left, options: run.options)
        if loss != .zeroedTails { #expect(engine.problems == [], place) }
        let found = try DirectoryModel(of: engine)
        let objection = run.objection(to: found, isKept: isKept)
        #expect(objection == nil, place)
        guard goesOn else { return }
        try checkGoesOn(engine, left, found, run.options, isDamaged: loss == .zeroedTails, place)
      } catch {
        Issue.record("\(error): \(place)")
      }
    }
    run.files.observeCrashes { operation, left in
      guard CrashRun.tries(operation) else { return }
      for loss in CrashRun.losses(operation) {
        check(
          loss, left(loss), goesOn: CrashRun.goesOn(operation),
          CrashRun.place(seed, operation, log, "\(sync), \(loss)"))
      }
    }
    try run.run(CrashStep.workload(seed: seed))
    print(
      "crash enumeration: seed \(seed), \(sync): \(log.count) operations, \(tried) crashes, \(seen.count) different"
    )
  }

  /// A store that was recovered takes writes, flushes, and is the same after another start.
  private func checkGoesOn(
    _ engine: StorageEngine, _ files: SimulatedFileSystem, _ before: DirectoryModel,
    _ options: StorageOptions, isDamaged: Bool, _ place: Comment
  ) throws {
    guard before.databases["db"] != nil else { return }
    var model = before
    let points = [TestPoint("m,host=z", StoreModel.day, [("f", .float(1))])]
    _ = try engine.write(PointBatch(points), to: "db", retentionPolicy: "autogen")
    model.databases["db"]?.rows.write(points, policy: "autogen")
    // What the log has of a measurement that ended must not be among the fields of a new one.
    let isNew = engine.snapshot(of: "db")?.schema(of: "k") == nil
    if isNew {
      let points = [TestPoint("k,host=z", StoreModel.day, [("v", .integer(1))])]
      _ = try engine.write(PointBatch(points), to: "db", retentionPolicy: "autogen")
      model.databases["db"]?.rows.write(points, policy: "autogen")
    }
    try engine.flush("db")
    let again = try StorageEngine(
      directory: "/data", fileSystem: files.afterPowerCut(.everything), options: options)
    if !isDamaged { #expect(again.problems == [], place) }
    #expect(try DirectoryModel(of: again) == model, place)
    if isNew {
      let fields = again.snapshot(of: "db")?.schema(of: "k")?.fields.map(\.name)
      #expect(fields == ["v"], place)
    }
  }
}

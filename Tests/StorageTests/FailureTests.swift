import Testing
import TimeSeries

@testable import Storage

/// Operations that fail, and a disk that is full, at every file operation of the workloads that
/// ``CrashTests`` cuts off.
@Suite struct FailureTests {
  enum Failure: CaseIterable {
    /// One operation fails.
    case io
    /// From one operation on there is no room, until a step was refused three times.
    case full
  }

  /// The caller sees a typed error; what was refused is whole or not there, nothing acknowledged is
  /// lost then or at the next start; and the step succeeds when it is tried again.
  @Test(arguments: CrashRun.seeds, Failure.allCases)
  func aFailureAnywhereLosesNothingAcknowledged(_ seed: UInt64, _ failure: Failure) throws {
    let log = try CrashRun.operations(.always, seed: seed)
    var tried = 0
    let kinds = Failure.allCases
    let number = kinds.firstIndex(of: failure) ?? 0
    for operation in log.indices where CrashRun.fails(operation, number, of: kinds.count) {
      tried += 1
      let place = CrashRun.place(seed, operation, log, "\(failure)")
      do {
        try run(CrashStep.workload(seed: seed), failure, at: operation, place)
      } catch {
        Issue.record("\(error): \(place)")
      }
    }
    print("failure enumeration: seed \(seed), \(failure): \(tried) of \(log.count) operations")
  }

  private func run(
    _ steps: [CrashStep], _ failure: Failure, at operation: Int, _ place: Comment
  ) throws {
    let crash = CrashRun(sync: .always)
    let files = crash.files
    switch failure {
    case .io: files.fail(at: operation)
    case .full: files.fill(at: operation)
    }
    func open(_ files: SimulatedFileSystem) throws -> StorageEngine {
      try StorageEngine(directory: "/data", fileSystem: files, options: crash.options)
    }
    let engine: StorageEngine
    do {
      engine = try open(files)
    } catch is StorageError {
      files.repair()
      engine = try open(files)
    }
    var model = DirectoryModel()
    // With the step that was refused and yet done, and without it: a start may find either.
    var otherwise: DirectoryModel?
    // So many steps behind the failure are enough to see that the store goes on.
    var stepsLeft = 8
    for step in steps where stepsLeft > 0 {
      if files.operationCount > operation { stepsLeft -= 1 }
      var next = model
      step.apply(to: &next, now: crash.clock.now)
      otherwise?.apply(step, now: crash.clock.now)
      var refusals = 0
      while true {
        do {
          try step.perform(on: engine, clock: crash.clock)
          break
        } catch is StorageError {
          refusals += 1
          let live = try DirectoryModel(of: engine)
          #expect(live == model || live == next, place)
          for loss in [SimulatedFileSystem.Loss.everything, .nothing] {
            let found = try DirectoryModel(of: open(files.afterPowerCut(loss)))
            #expect(found == model || found == next, place)
          }
          if failure == .io || refusals == 3 { files.repair() }
          if live == next, next != model {
            otherwise = model
            break
          }
          if refusals > 3 { throw ContractBroken(what: "refused with nothing wrong any more") }
        }
      }
      model = next
    }
    #expect(try DirectoryModel(of: engine) == model, place)
    do { try engine.close() } catch is StorageError { files.repair() }
    let again = try open(files.afterPowerCut(.everything))
    #expect(again.problems == [], place)
    let found = try DirectoryModel(of: again)
    #expect(found == model || found == otherwise, place)
  }
}

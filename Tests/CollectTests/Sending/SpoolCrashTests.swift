import TestSupport
import Testing

@testable import Collect

@Suite struct SpoolCrashTests {
  /// Room for three batches, so that this also drops.
  private static let script: [SpoolHistory.Operation] = [
    .append(lines: 1), .append(lines: 2), .acknowledge, .append(lines: 4), .append(lines: 8),
    .append(lines: 16), .append(lines: 32), .refuse, .append(lines: 64), .reopen, .acknowledge,
    .append(lines: 128), .append(lines: 256), .append(lines: 512), .acknowledge,
  ]

  private func steps() throws -> Int {
    var history = try SpoolHistory(byteLimit: 3 * 4096, seed: 0)
    for operation in Self.script { try history.play(operation) }
    return history.disk.steps
  }

  @Test func aCrashAtAnyStepLosesNothingUncounted() throws {
    let steps = try steps()
    #expect(steps > 40)
    for crash in 0..<steps {
      for seed in 0..<16 as Range<UInt64> {
        var history = try SpoolHistory(byteLimit: 3 * 4096, seed: seed)
        history.crash(after: crash)
        for operation in Self.script { try history.play(operation) }
        try history.finish()
        #expect(history.problems == [], "crash after step \(crash), seed \(seed)")
      }
    }
  }

  @Test func restartingAtAnyPointChangesNothing() throws {
    for point in 0...Self.script.count {
      var history = try SpoolHistory(byteLimit: 1 << 20, seed: 0)
      var script = Self.script
      script.insert(.reopen, at: point)
      for operation in script { try history.play(operation) }
      try history.finish()
      #expect(history.problems == [], "restart at \(point)")
      #expect(history.spool.counts.droppedLines == 0)
    }
  }

  @Test(arguments: 0..<400 as Range<UInt64>) func randomHistoriesAddUp(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var history = try SpoolHistory(
      byteLimit: 4096 * Int.random(in: 1...6, using: &random), seed: seed)
    for _ in 0..<60 {
      if Int.random(in: 0..<10, using: &random) == 0 {
        history.crash(after: Int.random(in: 0..<12, using: &random))
      }
      let operation: SpoolHistory.Operation =
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: .append(lines: Int.random(in: 1...1000, using: &random))
        case 5..<8: .acknowledge
        case 8: .refuse
        default: .reopen
        }
      try history.play(operation)
    }
    try history.finish()
    #expect(history.problems == [], "seed \(seed)")
  }
}

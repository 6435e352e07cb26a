import Foundation
import Testing

@testable import Vigil

/// The derived series equal one evaluation from scratch over the raw series, once idle.
@Suite struct MaterializationTests {
  /// As many histories as VIGIL_HISTORIES says, from the seed VIGIL_SEED on.
  @Test func randomHistoriesWithCrashesEndAsAnEvaluationFromScratch() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["VIGIL_HISTORIES"].flatMap { UInt64($0) } ?? 16
    let first = environment["VIGIL_SEED"].flatMap { UInt64($0) } ?? 1
    let template = try await RandomHistory.template()
    for seed in first..<first + count {
      let history = try RandomHistory(template: template, seed: seed)
      for part in 0..<2 {
        try await history.run(steps: 15, retrains: seed % 4 == 0)
        let differences = try history.differences()
        #expect(
          differences.isEmpty,
          "seed \(seed), part \(part):\n\(history.log.joined(separator: "\n"))")
        if !differences.isEmpty { break }
      }
      try history.end()
    }
  }
}

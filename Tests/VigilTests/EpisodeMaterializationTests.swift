import Foundation
import Testing

@testable import Vigil

/// Continuous queries of `episodes()`: a change can begin, end, merge, split or remove episodes that
/// began before it.
@Suite struct EpisodeMaterializationTests {
  /// As many histories as VIGIL_HISTORIES says, from the seed VIGIL_SEED on.
  @Test func randomHistoriesOfHealthRowsEndAsAnEvaluationFromScratch() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["VIGIL_HISTORIES"].flatMap { UInt64($0) } ?? 24
    let first = environment["VIGIL_SEED"].flatMap { UInt64($0) } ?? 1
    for seed in first..<first + count {
      let history = try await EpisodeHistory(seed: seed)
      for part in 0..<3 {
        try await history.run(steps: 20)
        let differences = try await history.differences()
        #expect(
          differences.isEmpty,
          "seed \(seed), part \(part):\n\(history.log.joined(separator: "\n"))")
        if !differences.isEmpty { break }
      }
      try history.end()
    }
  }
}

import Foundation

/// Where a target begins: inputs for the corpus, written when `VIGIL_FUZZ_SEEDS` names a folder.
public enum Seeds {
  /// To be called by a target's `LLVMFuzzerInitialize`. Writes `seeds` and ends the process where
  /// they were asked for; does nothing where not.
  public static func write(_ seeds: () throws -> [[UInt8]]) {
    guard let folder = ProcessInfo.processInfo.environment["VIGIL_FUZZ_SEEDS"] else { return }
    do {
      for (number, seed) in try seeds().enumerated() {
        try Data(seed).write(to: URL(filePath: folder).appending(path: "seed-\(number)"))
      }
      exit(0)
    } catch {
      fatalError("no seeds: \(error)")
    }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same seeds each time.
public struct SeedGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

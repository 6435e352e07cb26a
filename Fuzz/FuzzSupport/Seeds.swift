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

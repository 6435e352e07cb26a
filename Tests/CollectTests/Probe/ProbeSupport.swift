import Foundation
import Logging
import Testing

@testable import Collect

/// Where the sources are.
enum Checkout {
  static let programs =
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../tools/bpftrace")
    .standardized.path
}

extension Logger {
  static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension BpftraceProbe {
  /// Asks until there is a reading as wanted. Gives up after a minute: the probe is broken then.
  func firstReading(
    where isWanted: (KernelReading) -> Bool = { _ in true }
  ) async throws -> KernelReading {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let reading = await read(), isWanted(reading) { return reading }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw NoReading(missing: missing())
  }

  struct NoReading: Error {
    var missing: [Parameter: String]
  }
}

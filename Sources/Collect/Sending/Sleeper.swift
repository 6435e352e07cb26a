/// Waiting, so that tests need not.
public protocol Sleeper: Sendable {
  /// - Throws: `CancellationError` where the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// Waits by the machine's clock.
public struct ClockSleeper: Sleeper {
  public init() {}
  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

import Foundation
import TimeSeries

/// What the ``Sampler`` reads time from and waits by, so that tests need not wait.
public protocol SamplingClock: Sleeper {
  var now: Moment { get }
}

/// The same moment on two clocks.
public struct Moment: Sendable, Hashable {
  /// The time of day, which may be set.
  public var wall: Timestamp
  /// Nanoseconds of a clock that is never set.
  public var steady: Int64

  public init(wall: Timestamp, steady: Int64) {
    self.wall = wall
    self.steady = steady
  }
}

/// The clocks of the machine.
public struct SystemSamplingClock: SamplingClock {
  public init() {}

  public var now: Moment {
    Moment(wall: Self.nanoseconds(CLOCK_REALTIME), steady: Self.nanoseconds(CLOCK_MONOTONIC))
  }

  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

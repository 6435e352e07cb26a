import Logging
import Storage
import TimeSeries

extension Database {
  /// How a database is opened.
  public struct Configuration: Sendable {
    /// When a write counts as acknowledged.
    public var syncPolicy: SyncPolicy = .interval(milliseconds: 100)
    /// Bytes the newest points of each named database may take in memory before they are written
    /// to segments.
    public var memtableLimit = 64 << 20
    /// Series each named database may have.
    public var seriesLimit = 1_000_000
    /// Fields each measurement may have.
    public var fieldLimit = 10_000
    /// Seconds a query may run; 0 is no limit.
    public var queryTimeout: Double = 0
    /// Threads that run queries; more of them wait.
    public var queryThreads = 64
    /// Bytes a query may hold.
    public var queryMemoryLimit = 1 << 30
    /// Whether a statement fails that would have to leave out what is damaged. If not, its result
    /// has what can be read, and a message of the level `error` for each damaged file.
    public var failsOnDamage = false
    /// Whether this process keeps continuous queries up to date and trains models as their
    /// statements schedule. The server does; a shell that
    /// opens a directory for a moment does not.
    public var runsContinuousQueries = false
    public var logger = Logger(label: "vigil")
    /// The time of day; tests put it forward and back.
    var clock: @Sendable () -> Timestamp = { wallClock() }

    public init() {}
  }
}

import Synchronization
import TimeSeries

/// Rows that a store has and cannot read.
public struct UnreadableRows: Sendable, Hashable {
  /// From the first to the last of them.
  public var timeRange: ClosedRange<Timestamp>
  public var error: StorageError
}

/// What the reads of one statement met that they could not read.
///
/// A snapshot that was taken with a report reads around damage and notes it, or fails, as
/// ``failure`` says. What is noted is missing in the answer; where an older value of a lost row is in
/// another segment, the older value is there.
public final class DamageReport: Sendable {
  /// A damaged or missing file, and what of it could not be read.
  public struct Entry: Sendable, Hashable, CustomStringConvertible {
    public var error: StorageError
    /// From the first to the last row that cannot be read; nil if nobody knows.
    public var timeRange: ClosedRange<Timestamp>?

    public var description: String {
      let rows =
        timeRange.map { range in
          "rows from \(TimestampText.rfc3339(range.lowerBound)) "
            + "through \(TimestampText.rfc3339(range.upperBound))"
        } ?? "rows of any time"
      return "\(error); \(rows) may be missing or have older values"
    }
  }

  /// Which damage makes a read fail.
  public enum Failure: Sendable, Hashable {
    case never
    /// Rows of known times that cannot be read. For what keeps its result: the same rows read again
    /// once they can be would give another one. What a log lost nobody can read ever again.
    case unreadableRows
    case always
  }

  /// Files that are listed; of more of them only the number is kept.
  public static let limit = 100

  private struct State {
    var entries: [Entry] = []
    var places: [String: Int] = [:]
    var unlisted: Set<String> = []
  }

  public let failure: Failure
  private let state = Mutex(State())

  public init(failure: Failure) { self.failure = failure }

  /// One entry for each file, in the order in which reads met them.
  public var entries: [Entry] { state.withLock { $0.entries } }

  /// Damaged files that reads met beside those of ``entries``.
  public var unlistedCount: Int { state.withLock { $0.unlisted.count } }

  /// Notes damage, and throws it if it is to make reads fail.
  ///
  /// - Parameter timeRange: nil if nobody knows which rows are lost.
  func note(_ error: StorageError, timeRange: ClosedRange<Timestamp>?) throws {
    add(error, timeRange)
    switch failure {
    case .never: break
    case .unreadableRows: if timeRange != nil { throw error }
    case .always: throw error
    }
  }

  private func add(_ error: StorageError, _ timeRange: ClosedRange<Timestamp>?) {
    let path = error.path ?? ""
    state.withLock { state in
      guard let place = state.places[path] else {
        guard state.entries.count < Self.limit else {
          if state.unlisted.count < ProblemList.limit { state.unlisted.insert(path) }
          return
        }
        state.places[path] = state.entries.count
        state.entries.append(Entry(error: error, timeRange: timeRange))
        return
      }
      guard let known = state.entries[place].timeRange, let timeRange else {
        state.entries[place].timeRange = nil
        return
      }
      state.entries[place].timeRange =
        min(known.lowerBound, timeRange.lowerBound)...max(known.upperBound, timeRange.upperBound)
    }
  }
}

import TimeSeries

/// What a runtime tells of its pods and containers, whichever way it was asked.
struct RuntimeListing: Sendable {
  struct Pod: Sendable {
    var id: String
    var name: String
    var uid: String
    var namespace: String
    var labels: [String: String]
  }

  struct Container: Sendable {
    var id: String
    var podID: String
    var name: String
    var attempt: UInt32
    var image: String
    var state: State
    var labels: [String: String]
  }

  /// What only an answer about this one container tells.
  struct Status: Sendable {
    var state: State
    /// Nanoseconds; what has not happened yet is told as the year 1, or as 1970.
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    var exitCode: Int32?
    var reason: String
    var image: String
    var pid: Int32?
    /// As in the OCI runtime configuration.
    var cgroupsPath: String?
  }

  enum State: Sendable, Hashable {
    case created
    case running
    case exited
    case other(String)
  }

  var pods: [Pod]
  /// Nil for an element that cannot be read.
  var containers: [Container?]
}

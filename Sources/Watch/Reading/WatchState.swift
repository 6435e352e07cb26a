import TimeSeries

/// What is known of everything watched at one moment: all that the view shows.
struct WatchState: Sendable, Hashable {
  /// Of the reader's clock.
  var now: Timestamp
  /// Where it comes from, for the heading.
  var place: String
  /// When the server last answered.
  var answered: Timestamp?
  /// By name.
  var containers: [WatchedContainer] = []
  /// The metrics, in the order they are shown.
  var metrics: [String] = []
  /// What is going on, the newest last.
  var marks: [Mark] = []
  /// Why the server was not heard of, while it is not; the rest is then of the last answer.
  var problem: String?

  var flagged: Int { containers.count(where: \.isFlagged) }

  /// The containers, those that are furthest above their threshold, or nearest to it, first.
  var byUrgency: [WatchedContainer] {
    containers.sorted {
      ($0.urgency, $1.name) > ($1.urgency, $0.name)
    }
  }
}

/// One container: its metrics and what its model says.
struct WatchedContainer: Sendable, Hashable {
  var name: String
  /// Of the newest row with metrics; nil where there is none lately.
  var lastRow: Timestamp?
  /// The newest rows of each metric, oldest first; nil where the row lacks it.
  var values: [String: [Double?]] = [:]
  var health: Health?

  var isFlagged: Bool { health?.anomaly ?? false }

  fileprivate var urgency: Double { (isFlagged ? 1e300 : 0) + (health?.ratio ?? -1) }
}

/// The newest row of a health measurement.
struct Health: Sendable, Hashable {
  var time: Timestamp
  /// Nil where the row has no score.
  var loss: Double?
  var threshold: Double?
  var anomaly: Bool
  /// As `detect` has it: `scored`, `warm-up`, …; empty where the query does not write it.
  var state: String
  /// Each metric's part of the loss, 0 to 1.
  var shares: [String: Double]

  /// Loss / threshold.
  var ratio: Double? {
    guard let loss, let threshold, threshold > 0 else { return nil }
    return loss / threshold
  }
}

/// Something that goes on for a while: a fault that is injected, a deployment, a stage of a test.
struct Mark: Sendable, Hashable {
  var text: String
  /// The container it is about; nil: all.
  var group: String?
  var from: Timestamp
  /// Nil: not known.
  var until: Timestamp?

  func isOpen(at time: Timestamp) -> Bool { from <= time && time < until ?? .max }
}

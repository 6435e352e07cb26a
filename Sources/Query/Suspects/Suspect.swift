import TimeSeries

/// A container with anomalies: a tag set of a health measurement.
struct Suspect: Sendable {
  var tags: [Tag]
  var firstFlagged: Timestamp
  /// Rows that are anomalies.
  var anomalies: Int64 = 0
  /// The largest loss, as a multiple of its threshold.
  var peak: Double = 0
  var shares = ShareSums()
  /// 0…1, the larger the more suspect.
  var score: Double = 0

  init(tags: [Tag], firstFlagged: Timestamp) {
    self.tags = tags
    self.firstFlagged = firstFlagged
  }
}

extension [Suspect] {
  /// How much of the score being flagged late can cost.
  private static let earliness = 0.25

  /// Scores each by its own anomalies: p / (1 + p) of the peak p, so that a loss of a hundred
  /// thresholds does not count ten times as much as one of ten, less up to a quarter for being
  /// flagged later than others. What an incident begins with tends to be nearer to its cause.
  mutating func scoreByAnomalies() {
    guard let first = map(\.firstFlagged).min(), let last = map(\.firstFlagged).max() else {
      return
    }
    let spread = Double(first.distance(upTo: last))
    for index in indices {
      let late = spread > 0 ? Double(first.distance(upTo: self[index].firstFlagged)) / spread : 0
      let strength = 1 - 1 / (1 + self[index].peak)
      self[index].score = strength * (1 - Self.earliness * late)
    }
  }

  /// Spreads the scores over a graph of calls. A container is each node that a value of its tags
  /// names, or one without calls; of a node's score its most suspect container has all, the others
  /// what their own score is of that one's.
  mutating func spreadScores(over graph: ServiceGraph) {
    var walk = RandomWalk(graph)
    let nodes = map { suspect -> [Int] in
      let named = Set(suspect.tags.compactMap { graph.node(named: $0.value) }).sorted()
      return named.isEmpty ? [walk.addNode()] : named
    }
    for (suspect, nodes) in zip(self, nodes) {
      for node in nodes { walk.scores[node] = Swift.max(walk.scores[node], suspect.score) }
    }
    let probabilities = walk.probabilities()
    for index in indices {
      self[index].score =
        nodes[index].map { probabilities[$0] * self[index].score / walk.scores[$0] }.max() ?? 0
    }
  }

  /// The most suspect first; of equals the one whose tags come first.
  func ranked() -> [Suspect] {
    sorted { a, b in
      guard a.score == b.score else { return a.score > b.score }
      for (x, y) in zip(a.tags, b.tags) where x.value != y.value {
        return x.value.utf8.lexicographicallyPrecedes(y.value.utf8)
      }
      return false
    }
  }
}

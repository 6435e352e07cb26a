/// Root cause by a random walk with restart over a graph of calls: where a walker who asks "who of
/// those you call is to blame?" is found most.
///
/// The walk is MonitorRank's (Kim, Sumbaly, Shah: Root Cause Detection in a Service-Oriented
/// Architecture, SIGMETRICS 2013), which MicroRCA (Wu, Tordsson, Elmroth, Kao, NOMS 2020) uses for
/// containers: personalized PageRank whose preferences are the anomaly scores S. From i the walker
/// goes
/// - forward to a callee j, with weight S(j), here times the part that j has of i's calls (1 for the
///   callee that is called most);
/// - backward to a caller k that it does not call itself, with a small part of S(k), as the walk
///   could not leave a dead end otherwise;
/// - nowhere, with what S(i) exceeds the largest weight forward by: no callee explains i.
///
/// It restarts at a node drawn by S.
struct RandomWalk {
  static let restart = 0.15
  static let backward = 0.1
  /// What a node counts that was not flagged: callers reach through it, but rarely stay.
  static let calm = 0.05
  static let tolerance = 1e-9
  static let stepsAtMost = 200

  /// The anomaly score of each node, 0…1.
  var scores: [Double]
  private let edges: [ServiceGraph.Edge]

  init(_ graph: ServiceGraph) {
    scores = Array(repeating: 0, count: graph.nodeCount)
    edges = graph.edges
  }

  /// Adds a node that neither calls nor is called.
  mutating func addNode() -> Int {
    scores.append(0)
    return scores.count - 1
  }

  /// How much of the time the walker is at each node; all 0 where no node has a score.
  func probabilities() -> [Double] {
    let total = scores.reduce(0, +)
    guard total > 0 else { return scores }
    let preferences = scores.map { $0 / total }
    let steps = transitions()
    var current = preferences
    for _ in 0..<Self.stepsAtMost {
      var next = preferences.map { Self.restart * $0 }
      for step in steps {
        next[step.target] += (1 - Self.restart) * step.weight * current[step.source]
      }
      let change = zip(current, next).reduce(0) { $0 + abs($1.0 - $1.1) }
      current = next
      if change < Self.tolerance { break }
    }
    return current
  }

  /// The walk's steps; the weights out of each node add up to 1.
  private func transitions() -> [ServiceGraph.Edge] {
    let pull = scores.map { max($0, Self.calm) }
    var most = Array(repeating: 0.0, count: scores.count)
    for edge in edges { most[edge.source] = max(most[edge.source], edge.weight) }
    let calls = Set(edges.map { [$0.source, $0.target] })
    var steps: [ServiceGraph.Edge] = []
    var strongest = Array(repeating: 0.0, count: scores.count)
    for edge in edges {
      let part = edge.weight / most[edge.source]
      let forward = part * pull[edge.target]
      strongest[edge.source] = max(strongest[edge.source], forward)
      steps.append(.init(source: edge.source, target: edge.target, weight: forward))
      if !calls.contains([edge.target, edge.source]) {
        steps.append(
          .init(
            source: edge.target, target: edge.source,
            weight: Self.backward * part * pull[edge.source]))
      }
    }
    for node in scores.indices where pull[node] > strongest[node] {
      steps.append(.init(source: node, target: node, weight: pull[node] - strongest[node]))
    }
    var sums = Array(repeating: 0.0, count: scores.count)
    for step in steps { sums[step.source] += step.weight }
    for index in steps.indices { steps[index].weight /= sums[steps[index].source] }
    return steps
  }
}

/// Who calls whom how often.
struct ServiceGraph: Sendable {
  struct Edge: Sendable {
    var source: Int
    var target: Int
    /// Calls, above 0.
    var weight: Double
  }

  private var nodes: [String: Int] = [:]
  private(set) var edges: [Edge] = []

  var nodeCount: Int { nodes.count }

  func node(named name: String) -> Int? { nodes[name] }

  /// Adds an edge that is not there yet. What calls itself blames nobody by that.
  mutating func add(from source: String, to target: String, calls: Double) {
    guard !source.isEmpty, !target.isEmpty, calls > 0 else { return }
    let edge = Edge(source: index(source), target: index(target), weight: calls)
    if edge.source != edge.target { edges.append(edge) }
  }

  private mutating func index(_ name: String) -> Int {
    if let known = nodes[name] { return known }
    nodes[name] = nodes.count
    return nodes.count - 1
  }
}

/// Looks for a minimum without derivatives by moving a simplex downhill (J. A. Nelder, R. Mead, "A
/// Simplex Method for Function Minimization", 1965).
///
/// It takes InfluxDB's steps in InfluxDB's order, so that holt_winters() finds the same minimum: which
/// one is found hangs on every comparison.
struct NelderMead {
  /// Of one run.
  static let maximumSteps = 1000

  /// The standard deviation of the vertices' values below which it is done.
  let epsilon: Double
  /// May move the point to where it evaluated it.
  let objective: (inout [Double]) -> Double
  /// Asked before each step.
  let check: () throws -> Void

  private struct Vertex {
    var point: [Double]
    var value: Double
  }

  /// - Parameter start: not empty.
  /// - Throws: what `check` throws.
  func minimum(from start: [Double]) throws -> (value: Double, point: [Double]) {
    var simplex = simplex(at: start)
    for _ in 1...Self.maximumSteps {
      try check()
      step(&simplex)
      if deviation(simplex) < epsilon { break }
    }
    let best = simplex[extremes(simplex).best].point
    var evaluated = best
    return (objective(&evaluated), best)
  }

  /// A regular simplex with edges of length 1.
  private func simplex(at start: [Double]) -> [Vertex] {
    let n = Double(start.count)
    let p = ((n + 1).squareRoot() - 1 + n) / (n * 2.0.squareRoot())
    let q = ((n + 1).squareRoot() - 1) / (n * 2.0.squareRoot())
    return (0...start.count).map { vertex in
      var point = start
      if vertex > 0 {
        for index in point.indices { point[index] = (index == vertex - 1 ? p : q) + start[index] }
      }
      let value = objective(&point)
      return Vertex(point: point, value: value)
    }
  }

  private func extremes(_ simplex: [Vertex]) -> (best: Int, worst: Int, secondWorst: Int) {
    var (best, worst) = (0, 0)
    for (index, vertex) in simplex.enumerated() {
      if vertex.value > simplex[worst].value { worst = index }
      if vertex.value < simplex[best].value { best = index }
    }
    var secondWorst = best
    for (index, vertex) in simplex.enumerated()
    where vertex.value > simplex[secondWorst].value && vertex.value < simplex[worst].value {
      secondWorst = index
    }
    return (best, worst, secondWorst)
  }

  private func step(_ simplex: inout [Vertex]) {
    let (best, worst, secondWorst) = extremes(simplex)
    let centre = centre(of: simplex, without: worst)
    func beyond(_ factor: Double, of other: [Double]) -> Vertex {
      var point = zip(centre, other).map { $0 + factor * ($1 - $0) }
      let value = objective(&point)
      return Vertex(point: point, value: value)
    }
    let reflected = beyond(-1, of: simplex[worst].point)
    if reflected.value < simplex[best].value {
      let expanded = beyond(2, of: reflected.point)
      simplex[worst] = expanded.value < reflected.value ? expanded : reflected
    } else if reflected.value < simplex[secondWorst].value {
      simplex[worst] = reflected
    }
    guard reflected.value >= simplex[secondWorst].value else { return }
    let isBetter = reflected.value < simplex[worst].value
    let contracted = beyond(0.5, of: isBetter ? reflected.point : simplex[worst].point)
    if contracted.value < simplex[worst].value {
      simplex[worst] = contracted
      return
    }
    let goal = simplex[best].point
    for index in simplex.indices where index != best {
      simplex[index].point = zip(goal, simplex[index].point).map { $0 + ($1 - $0) / 2 }
    }
    simplex[worst].value = objective(&simplex[worst].point)
    simplex[secondWorst].value = objective(&simplex[secondWorst].point)
  }

  private func centre(of simplex: [Vertex], without worst: Int) -> [Double] {
    var sum = [Double](repeating: 0, count: simplex[0].point.count)
    for (index, vertex) in simplex.enumerated() where index != worst {
      for (place, coordinate) in vertex.point.enumerated() { sum[place] += coordinate }
    }
    return sum.map { $0 / Double(sum.count) }
  }

  private func deviation(_ simplex: [Vertex]) -> Double {
    let n = Double(simplex.count - 1)
    let mean = simplex.reduce(0) { $0 + $1.value } / (n + 1)
    return simplex.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) / n }.squareRoot()
  }
}

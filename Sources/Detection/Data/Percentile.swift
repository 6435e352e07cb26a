/// The `p`-th percentile (0...100) by linear interpolation between closest ranks, at position
/// p/100·(n−1).
///
/// - Precondition: `sorted` is ascending and not empty.
func quantile(percent p: Double, ofSorted sorted: [Double]) -> Double {
  let position = p / 100 * Double(sorted.count - 1)
  let below = min(max(Int(position), 0), sorted.count - 1)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
}

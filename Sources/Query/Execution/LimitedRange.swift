import TimeSeries

/// The ranges of time in which a `GROUP BY time` with a `LIMIT` looks for its first buckets: from
/// the end the order begins at, each eight times as long as the one before, the whole last.
///
/// What a call yields for such a range is the beginning of what it yields for the whole, since the
/// range consists of whole buckets and each bucket is computed from its own rows. So the first range
/// that gives as many buckets as the limit asks for is enough.
struct LimitedRange: Sequence, IteratorProtocol {
  private enum Step {
    case buckets(Int)
    case whole
    case done
  }

  private let plan: SelectPlan
  private var step: Step

  private static let growth = 8

  init(_ plan: SelectPlan) {
    self.plan = plan
    step = Self.isApplicable(plan) ? .buckets(Self.wanted(plan)) : .whole
  }

  /// The plan cut to the next range.
  mutating func next() -> SelectPlan? {
    switch step {
    case .buckets(let count):
      guard let cut = Self.cut(plan, to: count) else { fallthrough }
      let (more, overflow) = count.multipliedReportingOverflow(by: Self.growth)
      step = overflow ? .whole : .buckets(more)
      return cut
    case .whole:
      step = .done
      return plan
    case .done: return nil
    }
  }

  /// Whether the results of a plan that ``next()`` gave are those of the whole: each call has all
  /// the buckets that the limit lets through.
  func isComplete(_ results: [CallResult]) -> Bool {
    if case .done = step { return true }
    guard let limit = plan.limit else { return true }
    return results.allSatisfy { $0.count >= limit }
  }

  private static func wanted(_ plan: SelectPlan) -> Int {
    let (count, overflow) = (plan.limit ?? .max).addingReportingOverflow(plan.offset)
    return overflow ? .max : count
  }

  /// Calls that look beyond a bucket's rows need the whole, and so does fill(linear), which looks at
  /// the next bucket that has a value. On the clock of a time zone buckets are not evenly long.
  private static func isApplicable(_ plan: SelectPlan) -> Bool {
    guard plan.limit != nil, let grid = plan.grid, grid.zone == nil, plan.fill != .linear,
      plan.descending || plan.hasLowerBound
    else { return false }
    return plan.calls.allSatisfy { call in
      guard case .aggregate(let aggregate, _) = call else { return false }
      if case .integral = aggregate { return false }
      return true
    }
  }

  /// The plan for the first `count` buckets in its order; nil where that is all of its range.
  private static func cut(_ plan: SelectPlan, to count: Int) -> SelectPlan? {
    guard let grid = plan.grid, count > 0 else { return nil }
    let (span, overflow) = grid.every.multipliedReportingOverflow(by: Int64(count - 1))
    guard !overflow else { return nil }
    var cut = plan
    if plan.descending {
      let (from, under) = grid.start(of: plan.through).subtractingReportingOverflow(span)
      guard !under, from > plan.from else { return nil }
      cut.from = from
    } else {
      let (last, over) = grid.start(of: plan.from).addingReportingOverflow(span)
      guard !over, last < TimestampBounds.latest else { return nil }
      let through = grid.bucket(of: last).end - 1
      guard through < plan.through else { return nil }
      cut.through = through
    }
    return cut
  }
}

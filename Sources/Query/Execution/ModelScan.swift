import TimeSeries

/// Scores a group with a model: the mean of each of the model's fields for each interval, read as
/// far back as the first row's window reaches.
///
/// Ranges are widened to whole intervals and sums are made in time order, so the score of a row is
/// the same whatever range it is asked for in.
struct ModelScan {
  let plan: SelectPlan
  let selection: ModelSelection
  /// Nil where nothing is masked.
  let events: LifecycleEvents?
  let context: QueryContext

  /// What all groups of a plan share.
  static func events(of plan: SelectPlan, context: QueryContext) throws -> LifecycleEvents? {
    guard let events = plan.model?.events, let grid = plan.grid else { return nil }
    return try LifecycleEvents(
      events, groupTags: plan.dimensions, from: plan.from,
      through: grid.lastMoment(ofBucketAt: plan.through), context: context)
  }

  /// The rows in range, as the plan's outputs.
  func rows(of group: Group) throws -> RowBatch {
    let none = RowBatch(timestamps: [], columns: [])
    guard let grid = plan.grid else { return none }
    let model = selection.model
    // A bucket counts where it starts in the range.
    var first = grid.bucket(of: plan.from)
    if plan.hasLowerBound, first.start < plan.from { first = grid.bucket(of: first.end) }
    let last = grid.start(of: plan.through)
    guard first.start <= last else { return none }
    let lookback = Int64(clamping: max(model.window - 1, 0))
    let (span, overflow) = lookback.multipliedReportingOverflow(by: grid.every)
    let (start, under) = first.start.subtractingReportingOverflow(span)
    let from =
      overflow || under || !plan.hasLowerBound
      ? TimestampBounds.earliest : max(start, TimestampBounds.earliest)
    let through = grid.lastMoment(ofBucketAt: last)

    let rows = try FeatureScan(plan: plan, count: model.fields.count, context: context)
      .rows(of: group, from: from, through: through)
    guard !rows.timestamps.isEmpty else { return none }
    var scores = try model.score(rows)
    for row in events?.maskedRows(of: rows, grid: grid) ?? [] where !scores.loss[row].isNaN {
      scores.state[row] = .masked
    }
    var kept = rows.timestamps.indices.filter {
      plan.resultTimes.contains(rows.timestamps[$0])
        && (selection.includesUnscored || !scores.loss[$0].isNaN)
    }
    if plan.descending { kept.reverse() }
    kept = Array(kept.dropFirst(plan.offset).prefix(plan.limit ?? .max))
    guard !kept.isEmpty else { return none }
    return RowBatch(
      timestamps: kept.map { rows.timestamps[$0] },
      columns: selection.columns.map { column($0.function, kept, scores) })
  }

  private func column(
    _ function: ModelSelection.Function, _ rows: [Int], _ scores: ModelScores
  ) -> Column {
    switch function {
    case .loss: return floats(rows) { scores.loss[$0] }
    case .featureLoss(let feature): return floats(rows) { scores.featureLoss[feature][$0] }
    case .threshold: return floats(rows) { scores.threshold[$0] }
    case .anomaly: return Column(.integer(rows.map { scores.isAnomaly($0) ? 1 : 0 }))
    case .state: return Column(.string(rows.map { scores.state[$0].rawValue }))
    case .version: return Column(.integer(rows.map { scores.version[$0] }))
    case .share(let feature):
      return floats(rows) { row in
        // 0 / 0 and ∞ / ∞ are no number either.
        scores.featureLoss[feature][row] / scores.featureLoss.reduce(0) { $0 + $1[row] }
      }
    }
  }

  /// NaN for no value.
  private func floats(_ rows: [Int], _ value: (Int) -> Double) -> Column {
    let values = rows.map(value)
    guard values.contains(where: \.isNaN) else { return Column(.float(values)) }
    var validity = Validity(repeating: true, count: values.count)
    for (row, value) in values.enumerated() where value.isNaN { validity[row] = false }
    return Column(.float(values.map { $0.isNaN ? 0 : $0 }), validity: validity)
  }
}

extension ModelScores {
  fileprivate func isAnomaly(_ row: Int) -> Bool {
    state[row] != .masked && loss[row] > threshold[row]
  }
}

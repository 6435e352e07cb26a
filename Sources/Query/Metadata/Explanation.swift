import TimeSeries

/// What EXPLAIN says of a SELECT: what it computes, over which series, and with ANALYZE what
/// running it took.
struct Explanation {
  let source: any QuerySource
  let context: QueryContext
  let database: String?

  func lines(_ select: SelectStatement, analyze: Bool) throws -> [String] {
    let plan = try Planner(source: source, context: context, database: database).plan(select)
    let groups = try GroupListing(plan: plan, context: context).groups()
    var series = 0
    var blocks = 0
    var rows = 0
    for group in groups {
      for member in group.members {
        series += 1
        for block in try member.blocks(from: plan.from, through: plan.through) {
          blocks += 1
          rows += block.rowCount
        }
      }
    }
    let types = Dictionary(plan.columns.map { ($0.name, $0) }) { a, _ in a }
    let expressions = select.fields.map { field in
      field.expression.typed { name in
        types[name].flatMap { $0.isTag ? .tag : $0.type.map(Expression.Cast.init) }
      }.description
    }
    var lines = [
      "EXPRESSION: " + expressions.joined(separator: ", "),
      "NUMBER OF GROUPS: \(groups.count)",
      "NUMBER OF SERIES: \(series)",
      "NUMBER OF BLOCKS: \(blocks)",
      "ROWS IN BLOCKS: at most \(rows)",
    ]
    guard analyze else { return lines }
    let before = context.blocksRead
    let clock = ContinuousClock()
    var produced = 0
    let elapsed = try clock.measure {
      try SelectRunner(plan: plan, context: context).run { produced += $1.count }
    }
    lines += [
      "ROWS: \(produced)", "BLOCKS READ: \(context.blocksRead - before)",
      "EXECUTION TIME: \(elapsed)",
    ]
    return lines
  }
}

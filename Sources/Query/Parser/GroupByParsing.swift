extension Parser {
  /// What GROUP BY gives.
  struct GroupBy {
    var interval: SelectStatement.Interval?
    var dimensions: [SelectStatement.Dimension] = []
  }

  /// `GROUP BY time(…), tag, …`, where it is given, in any order.
  ///
  /// InfluxDB's parser takes any expression here and its planner complains; here the parser does,
  /// in the same words, since the tree holds nothing else.
  mutating func parseGroupBy() throws(ParseError) -> GroupBy? {
    guard skip(.group) else { return nil }
    try expect(.by)
    var group = GroupBy()
    repeat {
      let position = token.position
      if let pattern = try parseRegex() {
        group.dimensions.append(.regex(pattern))
        continue
      }
      switch try parseExpression() {
      case .wildcard(.all), .wildcard(.tags):
        group.dimensions.append(.all)
      case .reference("time", cast: nil):
        throw ParseError("time() is a function and expects at least one argument", at: position)
      case .reference(let name, cast: nil), .reference(let name, cast: .tag):
        group.dimensions.append(.tag(name))
      case .call("time", let arguments):
        guard group.interval == nil else {
          throw ParseError("multiple time dimensions not allowed", at: position)
        }
        group.interval = try interval(arguments, at: position)
      case .call:
        throw ParseError("only time() calls allowed in dimensions", at: position)
      default:
        throw ParseError("only time and tag dimensions allowed", at: position)
      }
    } while skip(.comma)
    return group
  }

  private func interval(
    _ arguments: [Expression], at position: Position
  ) throws(ParseError) -> SelectStatement.Interval {
    guard 1...2 ~= arguments.count else {
      throw ParseError("time dimension expected 1 or 2 arguments", at: position)
    }
    guard case .duration(let every) = arguments[0] else {
      throw ParseError("time dimension must have duration argument", at: position)
    }
    guard arguments.count == 2 else { return .init(every: every) }
    guard case .duration(let offset) = arguments[1] else {
      throw ParseError("time dimension offset must be duration", at: position)
    }
    return .init(every: every, offset: offset)
  }
}

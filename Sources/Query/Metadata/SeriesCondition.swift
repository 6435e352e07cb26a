import TimeSeries

/// The WHERE clause of a SHOW statement: which series are meant, by their measurement, their tags
/// and the times of their rows.
///
/// `_name` stands for the measurement, `_tagKey` for the tag key that is listed. What else a
/// condition asks is an error that names it, never left out.
struct SeriesCondition {
  private let times: TimeRanges
  private let rest: Expression?
  /// Whether the condition compares `_tagKey`.
  let isOnTagKeys: Bool

  /// - Parameter listsTagKeys: whether the statement lists tag keys, which `_tagKey` stands for.
  init(_ expression: Expression?, listsTagKeys: Bool, now: Timestamp) throws {
    let condition = try TimeCondition(expression, now: now, zone: nil)
    times = condition.times
    rest = condition.rest
    isOnTagKeys = rest?.mentions(SystemName.tagKey) ?? false
    if isOnTagKeys, !listsTagKeys { throw SystemName.tagKeyError }
    try rest?.requireTagComparisons()
  }

  /// Whether it means all series.
  var isEmpty: Bool { rest == nil && times == .all }

  /// A name in the condition that is a field of a measurement; nil if there is none.
  func field(in schema: MeasurementSchema) -> String? {
    rest?.comparedNames.first { name in
      !SystemName.isOne(name) && schema.type(of: name) != nil && !schema.tagKeys.contains(name)
    }
  }

  /// The series of a measurement that are meant, each with the times of which it must have a row.
  ///
  /// - Parameter tagKey: the one that is listed.
  func series(
    of measurement: String, tagKey: String? = nil, in snapshot: any DatabaseSnapshot
  ) throws -> [(series: SeriesDescriptor, times: TimeRanges)] {
    guard let rest else {
      return snapshot.series(of: measurement, matching: nil).map { ($0, times) }
    }
    var binder = ConditionBinder(schema: SourceSchema(), columns: [])
    let condition = try binder.bind(
      try rest.decided(measurement: measurement, tagKey: tagKey))
    let names = binder.columns.map(\.name)
    let predicate = condition.tagPredicate { names[$0] }
    return snapshot.series(of: measurement, matching: predicate).compactMap { series in
      let met = condition.simplified { series.key.value(of: names[$0]) ?? "" }
      let times = met.times.intersection(times)
      return times.isEmpty ? nil : (series, times)
    }
  }
}

/// Names in conditions that stand for no tag.
private enum SystemName {
  static let measurement = "_name"
  static let tagKey = "_tagKey"

  static func isOne(_ name: String) -> Bool { name == measurement || name == tagKey }

  static let tagKeyError = QueryError.invalid(
    "\(tagKey) is not supported in WHERE of this statement")
}

extension Expression {
  /// The names that the comparisons of a condition have on one side or the other, but for `time`.
  fileprivate var comparedNames: [String] {
    switch self {
    case .reference(let name, _): isTime ? [] : [name]
    case .parenthesized(let inner): inner.comparedNames
    case .binary(_, let left, let right): left.comparedNames + right.comparedNames
    default: []
    }
  }

  fileprivate func mentions(_ name: String) -> Bool { comparedNames.contains(name) }

  /// - Throws: ``QueryError`` for comparisons that tags have no meaning for.
  fileprivate func requireTagComparisons() throws {
    switch self {
    case .boolean: break
    case .parenthesized(let inner): try inner.requireTagComparisons()
    case .binary(let op, let left, let right) where op == .and || op == .or:
      try left.requireTagComparisons()
      try right.requireTagComparisons()
    case .binary(_, let left, .integer) where left.isTime: break
    case .binary(let op, let left, let right):
      switch (left, right) {
      case (.reference, .regex), (.regex, .reference):
        if op == .matches || op == .doesNotMatch { return }
      case (.reference, .string), (.string, .reference), (.reference, .reference):
        if op == .equal || op == .notEqual { return }
      case (.reference, _) where op == .equal || op == .notEqual:
        throw QueryError.invalid(
          "right side of '\(op.rawValue)' must be a tag value string: \(self)")
      default: break
      }
      throw QueryError.invalid("invalid tag comparison operator: \(self)")
    default: throw QueryError.invalid("invalid condition expression: \(self)")
    }
  }

  /// The condition for one measurement and tag key, whose names it compares no more.
  ///
  /// - Throws: ``QueryError`` if it compares `_tagKey` and there is none.
  func decided(measurement: String, tagKey: String? = nil) throws -> Expression {
    switch self {
    case .parenthesized(let inner):
      return .parenthesized(try inner.decided(measurement: measurement, tagKey: tagKey))
    case .binary(let op, let left, let right) where op == .and || op == .or:
      return .binary(
        op, try left.decided(measurement: measurement, tagKey: tagKey),
        try right.decided(measurement: measurement, tagKey: tagKey))
    case .binary(let op, let left, let right):
      let known =
        try left.systemValue(measurement, tagKey) ?? right.systemValue(measurement, tagKey)
      guard let known else { return self }
      let isMet =
        switch (left, right) {
        case (_, .string(let text)), (.string(let text), _): known == text
        case (_, .regex(let source)), (.regex(let source), _):
          try Pattern(source).matches(known)
        default: throw QueryError.invalid("a string or a regex is needed here: \(self)")
        }
      return .boolean(isMet == (op == .equal || op == .matches))
    default: return self
    }
  }

  private func systemValue(_ measurement: String, _ tagKey: String?) throws -> String? {
    guard case .reference(let name, _) = self else { return nil }
    switch name {
    case SystemName.measurement: return measurement
    case SystemName.tagKey:
      guard let tagKey else { throw SystemName.tagKeyError }
      return tagKey
    default: return nil
    }
  }
}

import TimeSeries

/// A WHERE clause without the time range that encloses it, bound to the columns of a plan.
indirect enum RowCondition: Sendable {
  case constant(Bool)
  case and(RowCondition, RowCondition)
  case or(RowCondition, RowCondition)
  case compare(BinaryOperator, RowExpression, RowExpression)
  /// A boolean column by itself.
  case column(Int)
  case matches(column: Int, Pattern, negated: Bool)
  /// A comparison of a tag (or of a name no source has, which is a tag without values) with a text:
  /// decided for a whole series.
  case tagEquals(column: Int, String, negated: Bool)
  /// The row's time is one of these.
  case time(TimeRanges)

  /// The condition for one series: parts that its tags decide are decided.
  ///
  /// - Parameter tag: the series' value of a column that is a tag of it ("" where it has none); nil
  ///   for a column that is a field.
  func simplified(tag: (Int) -> String?) -> RowCondition {
    switch self {
    case .constant, .column, .time: return self
    case .and(let a, let b): return .both(a.simplified(tag: tag), b.simplified(tag: tag))
    case .or(let a, let b): return .either(a.simplified(tag: tag), b.simplified(tag: tag))
    case .matches(let column, let pattern, let negated):
      guard let value = tag(column) else { return self }
      return .constant(pattern.matches(value) != negated)
    case .tagEquals(let column, let text, let negated):
      guard let value = tag(column) else {
        return .compare(negated ? .notEqual : .equal, .column(column), .literal(.string(text)))
      }
      return .constant((value == text) != negated)
    case .compare(let op, .column(let a), .column(let b)):
      guard let x = tag(a), let y = tag(b), op == .equal || op == .notEqual else { return self }
      // As in InfluxDB, what a series does not have is equal to nothing; so in `host = "a"`, where
      // the quotes were to be single ones, too.
      return .constant((x == y && !x.isEmpty) == (op == .equal))
    case .compare: return self
    }
  }

  /// `a AND b`, without what is already decided.
  static func both(_ a: RowCondition, _ b: RowCondition) -> RowCondition {
    switch (a, b) {
    case (.constant(false), _), (_, .constant(false)): .constant(false)
    case (.constant(true), let rest), (let rest, .constant(true)): rest
    case (.time(let a), .time(let b)): .time(a.intersection(b))
    default: .and(a, b)
    }
  }

  /// `a OR b`, without what is already decided.
  static func either(_ a: RowCondition, _ b: RowCondition) -> RowCondition {
    switch (a, b) {
    case (.constant(true), _), (_, .constant(true)): .constant(true)
    case (.constant(false), let rest), (let rest, .constant(false)): rest
    case (.time(let a), .time(let b)): .time(a.union(b))
    default: .or(a, b)
    }
  }

  /// The times that a row can have if it meets the condition.
  var times: TimeRanges {
    switch self {
    case .constant(false): .none
    case .time(let times): times
    case .and(let a, let b): a.times.intersection(b.times)
    case .or(let a, let b): a.times.union(b.times)
    case .constant, .compare, .column, .matches, .tagEquals: .all
    }
  }

  /// What is left to be asked of rows at ``times``.
  var besidesTimes: RowCondition {
    switch self {
    case .time: .constant(true)
    case .and(let a, let b): .both(a.besidesTimes, b.besidesTimes)
    default: self
    }
  }

  /// The columns that ``mask(_:)`` looks at.
  var columns: Set<Int> {
    switch self {
    case .constant, .time: []
    case .and(let a, let b), .or(let a, let b): a.columns.union(b.columns)
    case .compare(_, let a, let b): a.columns.union(b.columns)
    case .column(let index): [index]
    case .matches(let column, _, _), .tagEquals(let column, _, _): [column]
    }
  }

  /// Which rows of a batch hold.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  func mask(_ batch: RowBatch) throws -> [Bool] {
    switch self {
    case .constant(let value): return Array(repeating: value, count: batch.count)
    case .and(let a, let b): return try zip(a.mask(batch), b.mask(batch)).map { $0 && $1 }
    case .or(let a, let b): return try zip(a.mask(batch), b.mask(batch)).map { $0 || $1 }
    case .compare(let op, let a, let b):
      return Comparison.apply(op, try a.evaluate(batch), try b.evaluate(batch))
    case .time(let times): return batch.timestamps.map(times.contains)
    case .column(let index):
      guard case .boolean(var values) = batch.columns[index].values else {
        return Array(repeating: false, count: batch.count)
      }
      Comparison.clearNulls(batch.columns[index].validity, in: &values)
      return values
    case .matches(let column, let pattern, let negated):
      guard case .string(let values) = batch.columns[column].values else {
        return Array(repeating: false, count: batch.count)
      }
      var result = values.map { pattern.matches($0) != negated }
      Comparison.clearNulls(batch.columns[column].validity, in: &result)
      return result
    case .tagEquals(let column, let text, let negated):
      return Comparison.apply(
        negated ? .notEqual : .equal, batch.columns[column],
        Column(repeating: .string(text), count: batch.count, type: .string))
    }
  }

  /// The part of the condition that tags alone decide, for the store's postings: it finds at least
  /// every series that can have rows. Nil where that is all of them.
  func tagPredicate(tagName: (Int) -> String?) -> TagPredicate? {
    switch self {
    case .and(let a, let b):
      switch (a.tagPredicate(tagName: tagName), b.tagPredicate(tagName: tagName)) {
      case (let x?, let y?): return .and([x, y])
      case (let x, let y): return x ?? y
      }
    case .or(let a, let b):
      guard let x = a.tagPredicate(tagName: tagName), let y = b.tagPredicate(tagName: tagName)
      else { return nil }
      return .or([x, y])
    case .tagEquals(let column, let text, let negated):
      guard let key = tagName(column) else { return nil }
      let equal = TagPredicate.equal(key: key, value: text)
      return negated ? .not(equal) : equal
    case .matches(let column, let pattern, let negated):
      guard let key = tagName(column) else { return nil }
      return .matching(key: key) { pattern.matches($0) != negated }
    case .constant, .column, .compare, .time: return nil
    }
  }
}

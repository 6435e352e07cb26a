import TimeSeries

/// Answers tag predicates from a measurement's postings.
struct TagQuery {
  let measurement: MeasurementIndex
  /// Series from this id on are newer than the snapshot.
  let bound: UInt32
  let lock: Monitor

  /// Ascending ids.
  func series(matching predicate: TagPredicate?) -> [UInt32] {
    let all = lock.withLock { measurement.series(before: bound) }
    guard let predicate else { return all }
    return evaluate(predicate, among: all)
  }

  private func evaluate(_ predicate: TagPredicate, among all: [UInt32]) -> [UInt32] {
    switch predicate {
    case .equal(let key, let value):
      return value.isEmpty
        ? Postings.difference(all, having(key)) : postings(key, value)
    case .matching(let key, let test): return matching(key, test, among: all)
    case .and(let parts):
      return parts.reduce(all) { rest, part in
        rest.isEmpty ? [] : Postings.intersection(rest, evaluate(part, among: all))
      }
    case .or(let parts): return Postings.union(parts.map { evaluate($0, among: all) })
    case .not(let part): return Postings.difference(all, evaluate(part, among: all))
    }
  }

  private func postings(_ key: String, _ value: String) -> [UInt32] {
    lock.withLock {
      guard let tag = measurement.tag(key), let index = tag.value(value) else { return [] }
      return series(of: tag, values: CollectionOfOne(index))
    }
  }

  /// Series that have the tag at all.
  private func having(_ key: String) -> [UInt32] {
    lock.withLock {
      measurement.tag(key).map { series(of: $0, values: 0..<$0.valueCount) } ?? []
    }
  }

  /// Values tested between two times that the lock is taken.
  private static let tested = 1024

  private func matching(
    _ key: String, _ test: (String) -> Bool, among all: [UInt32]
  ) -> [UInt32] {
    // The test may be a slow one, so it is not run under the lock; values are only ever added.
    var matches: [Int] = []
    var tested = 0
    while true {
      let values = lock.withLock {
        guard let tag = measurement.tag(key) else { return [String]() }
        return (tested..<min(tested + Self.tested, tag.valueCount)).map {
          String(decoding: tag.text(ofValue: $0), as: UTF8.self)
        }
      }
      if values.isEmpty { break }
      for (offset, value) in values.enumerated() where test(value) {
        matches.append(tested + offset)
      }
      tested += values.count
    }
    let found = lock.withLock { measurement.tag(key).map { series(of: $0, values: matches) } ?? [] }
    guard test("") else { return found }
    return Postings.union([found, Postings.difference(all, having(key))])
  }

  /// Those that have any of some values: no series has two, so none is found twice.
  private func series(of tag: TagIndex, values: some Collection<Int>) -> [UInt32] {
    var ids: [UInt32] = []
    for value in values { tag.appendSeries(ofValue: value, before: bound, to: &ids) }
    if values.count > 1 { ids.sort() }
    return ids
  }
}

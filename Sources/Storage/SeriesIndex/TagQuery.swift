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
      guard let tag = measurement.tags[key], let index = tag.value(value) else { return [] }
      return MeasurementIndex.prefix(tag.postings[index], before: bound)
    }
  }

  /// Series that have the tag at all.
  private func having(_ key: String) -> [UInt32] {
    Postings.union(
      lock.withLock {
        (measurement.tags[key]?.postings ?? []).map {
          MeasurementIndex.prefix($0, before: bound)
        }
      })
  }

  private func matching(
    _ key: String, _ test: (String) -> Bool, among all: [UInt32]
  ) -> [UInt32] {
    // The test may be a slow one, so it is not run under the lock; values are only ever added.
    let values = lock.withLock { measurement.tags[key]?.values ?? [] }
    let matches = values.indices.filter { test(values[$0]) }
    let found = Postings.union(
      lock.withLock {
        guard let tag = measurement.tags[key] else { return [] }
        return matches.map { MeasurementIndex.prefix(tag.postings[$0], before: bound) }
      })
    guard test("") else { return found }
    return Postings.union([found, Postings.difference(all, having(key))])
  }
}

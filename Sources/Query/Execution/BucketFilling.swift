import TimeSeries

/// Puts in the buckets in which an aggregate had nothing, as GROUP BY time's fill() asks.
struct BucketFilling {
  let grid: BucketGrid
  let rule: FillRule
  let from: Timestamp
  let through: Timestamp
  /// Without a lower bound buckets begin where the group's data do.
  let hasLowerBound: Bool
  let descending: Bool
  let context: QueryContext

  /// - Parameter isCount: nothing counted is zero, not null.
  func fill(_ result: CallResult, isCount: Bool) throws -> CallResult {
    if rule == .none || result.count == 0 { return result }
    let grid = try buckets(result)
    var rows: [Int] = []
    rows.reserveCapacity(grid.count)
    var next = 0
    for bucket in grid {
      if next < result.count, result.times[next] == bucket {
        rows.append(next)
        next += 1
      } else {
        rows.append(-1)
      }
    }
    var column = result.column.gathered(rows)
    var auxiliary = result.rows.isEmpty ? [] : rows.map { $0 < 0 ? -1 : result.rows[$0] }
    if grid.count > result.count {
      switch rule {
      case .none: break
      case .null: if isCount { column = try column.replacingNulls(rows, with: .integer(0)) }
      case .value(let value): column = try column.replacingNulls(rows, with: value)
      case .previous:
        var last = -1
        let carried = rows.map { row in
          if row >= 0 { last = row }
          return last
        }
        column = result.column.gathered(carried)
        if !result.rows.isEmpty { auxiliary = carried.map { $0 < 0 ? -1 : result.rows[$0] } }
      case .linear: column = interpolated(column, rows)
      }
    }
    return CallResult(times: grid, column: column, rows: auxiliary)
  }

  /// All buckets of the range, in the query's order.
  private func buckets(_ result: CallResult) throws -> [Timestamp] {
    let earliest =
      hasLowerBound ? grid.start(of: from) : min(result.times[0], result.times[result.count - 1])
    let latest = grid.start(of: through)
    guard latest >= earliest else { return result.times }
    let (span, overflow) = latest.subtractingReportingOverflow(earliest)
    let count = overflow ? Int.max : Int(span / grid.every)
    let limit = context.limits.buckets
    if count >= limit { throw QueryError.tooManyBuckets(count, limit: limit) }
    // Refuses before anything is allocated what would not fit: a time, a value and a row number for
    // each bucket.
    let (bytes, isHuge) = count.multipliedReportingOverflow(by: 24)
    guard !isHuge, bytes <= context.limits.bytes else {
      throw QueryError.memoryLimit(bytes: context.limits.bytes)
    }
    var bucket = grid.bucket(of: earliest)
    var buckets = [bucket.start]
    buckets.reserveCapacity(count + 1)
    while bucket.end <= latest {
      bucket = grid.bucket(after: bucket, of: bucket.end)
      buckets.append(bucket.start)
    }
    return descending ? buckets.reversed() : buckets
  }

  private func interpolated(_ column: Column, _ rows: [Int]) -> Column {
    var validity = column.validity ?? Validity(count: rows.count)
    /// - Parameter between: makes of two values and their distance, in buckets, the one that lies so
    ///   many buckets behind the first.
    func interpolate<T>(_ values: [T], _ between: (T, T, Int64, Int64) -> T) -> [T] {
      var values = values
      var previous: Int?
      var next = 0
      for index in rows.indices {
        if rows[index] >= 0 {
          previous = validity[index] ? index : nil
          continue
        }
        guard let previous else { continue }
        next = max(next, index)
        while next < rows.count, rows[next] < 0 { next += 1 }
        guard next < rows.count, validity[next] else { continue }
        // Buckets count as evenly long, also where a zone's clock makes one longer.
        values[index] = between(
          values[previous], values[next], Int64(next - previous), Int64(index - previous))
        validity[index] = true
      }
      return values
    }
    /// The integer part of the exact value, which lies between `a` and `b`.
    func between<T: FieldInteger>(_ a: T, _ b: T, _ whole: Int64, _ part: Int64) -> T {
      T(
        truncatingIfNeeded: (Int128(a) * Int128(whole - part) + Int128(b) * Int128(part))
          / Int128(whole))
    }
    let values: ColumnValues
    switch column.values {
    case .float(let old):
      values = .float(interpolate(old) { $0 + ($1 - $0) * (Double($3) / Double($2)) })
    case .integer(let old): values = .integer(interpolate(old, between))
    case .unsigned(let old): values = .unsigned(interpolate(old, between))
    default: return column
    }
    return Column(values, validity: validity)
  }
}

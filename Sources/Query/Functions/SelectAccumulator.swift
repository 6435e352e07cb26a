import TimeSeries

/// A value that first(), last(), min() and max() choose from. False is less than true; strings are
/// only chosen by time, their order breaks ties.
protocol Selectable: Sendable, Hashable {
  static func isLess(_ a: Self, _ b: Self) -> Bool
  static func values(of column: Column) -> [Self]?
  static func value(of field: FieldValue) -> Self?
  static func columnValues(_ values: [Self]) -> ColumnValues
  /// `b - a`, for spread().
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func span(_ a: Self, _ b: Self) throws -> Self
}

extension Double: Selectable {
  @inline(__always) static func isLess(_ a: Double, _ b: Double) -> Bool { a < b }
  static func values(of column: Column) -> [Double]? { values(column) }
  static func value(of field: FieldValue) -> Double? {
    if case .float(let value) = field { value } else { nil }
  }
  static func columnValues(_ values: [Double]) -> ColumnValues { .float(values) }
  static func span(_ a: Double, _ b: Double) -> Double { b - a }
}

extension Int64: Selectable {
  @inline(__always) static func isLess(_ a: Int64, _ b: Int64) -> Bool { a < b }
  static func values(of column: Column) -> [Int64]? { values(column) }
  static func value(of field: FieldValue) -> Int64? {
    if case .integer(let value) = field { value } else { nil }
  }
  static func columnValues(_ values: [Int64]) -> ColumnValues { .integer(values) }
  static func span(_ a: Int64, _ b: Int64) throws -> Int64 {
    try Int64(fitting: Int128(b) - Int128(a), "spread")
  }
}

extension UInt64: Selectable {
  @inline(__always) static func isLess(_ a: UInt64, _ b: UInt64) -> Bool { a < b }
  static func values(of column: Column) -> [UInt64]? { values(column) }
  static func value(of field: FieldValue) -> UInt64? {
    if case .unsigned(let value) = field { value } else { nil }
  }
  static func columnValues(_ values: [UInt64]) -> ColumnValues { .unsigned(values) }
  static func span(_ a: UInt64, _ b: UInt64) -> UInt64 { b &- a }
}

extension Bool: Selectable {
  static func isLess(_ a: Bool, _ b: Bool) -> Bool { !a && b }
  static func values(of column: Column) -> [Bool]? {
    if case .boolean(let values) = column.values { values } else { nil }
  }
  static func value(of field: FieldValue) -> Bool? {
    if case .boolean(let value) = field { value } else { nil }
  }
  static func columnValues(_ values: [Bool]) -> ColumnValues { .boolean(values) }
  static func span(_ a: Bool, _ b: Bool) -> Bool { a != b }
}

extension String: Selectable {
  static func isLess(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
  static func values(of column: Column) -> [String]? {
    if case .string(let values) = column.values { values } else { nil }
  }
  static func value(of field: FieldValue) -> String? {
    if case .string(let value) = field { value } else { nil }
  }
  static func columnValues(_ values: [String]) -> ColumnValues { .string(values) }
  static func span(_ a: String, _ b: String) -> String { b }
}

/// first(), last(), min(), max(). Of equal extremes the earliest point stands; of points of one
/// time (in several series) the larger value.
struct SelectAccumulator<Value: Selectable>: BucketAccumulator {
  enum Kind: Sendable {
    case min, max, first, last
  }

  let kind: Kind
  /// Whether the time of the point is part of the result. Block statistics have no time for
  /// extremes, so a block is read where it could hold the point.
  let needsTime: Bool
  private var buckets: [Timestamp] = []
  private var times: [Timestamp] = []
  private var values: [Value] = []

  init(_ kind: Kind, needsTime: Bool) {
    self.kind = kind
    self.needsTime = needsTime
  }

  /// Whether the point `(value, time)` is to be preferred to `(current, currentTime)`.
  @inline(__always)
  private func prefers(
    _ value: Value, _ time: Timestamp, to current: Value, _ currentTime: Timestamp
  ) -> Bool {
    switch kind {
    case .min:
      Value.isLess(value, current) || (time < currentTime && !Value.isLess(current, value))
    case .max:
      Value.isLess(current, value) || (time < currentTime && !Value.isLess(value, current))
    case .first: time < currentTime || (time == currentTime && Value.isLess(current, value))
    case .last: time > currentTime || (time == currentTime && Value.isLess(current, value))
    }
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  mutating func add(_ column: Column, _ timestamps: [Timestamp], _ runs: BucketRuns) {
    guard let values = Value.values(of: column) else { return }
    switch kind {
    case .min:
      addEach(runs, values, timestamps) {
        Self.extreme(values, column.validity, $0) { Value.isLess($0, $1) }
      }
    case .max:
      addEach(runs, values, timestamps) {
        Self.extreme(values, column.validity, $0) { Value.isLess($1, $0) }
      }
    case .first:
      addEach(runs, values, timestamps) {
        Self.edge(values, timestamps, $0.lazy.filter { column.isPresent($0) })
      }
    case .last:
      addEach(runs, values, timestamps) {
        Self.edge(values, timestamps, $0.reversed().lazy.filter { column.isPresent($0) })
      }
    }
  }

  @inline(__always)
  private mutating func addEach(
    _ runs: BucketRuns, _ values: [Value], _ timestamps: [Timestamp],
    _ best: (Range<Int>) -> Int?
  ) {
    for index in runs.starts.indices {
      guard let row = best(runs.bounds[index]..<runs.bounds[index + 1]) else { continue }
      add(values[row], timestamps[row], runs.starts[index])
    }
  }

  /// The first row whose value none is better than.
  @inline(__always)
  private static func extreme(
    _ values: [Value], _ validity: Validity?, _ rows: Range<Int>,
    _ isBetter: (Value, Value) -> Bool
  ) -> Int? {
    guard let validity else {
      guard var best = rows.first else { return nil }
      var known = values[best]
      for row in rows.dropFirst() where isBetter(values[row], known) {
        best = row
        known = values[row]
      }
      return best
    }
    var best: Int?
    for row in rows where validity[row] {
      if best.map({ isBetter(values[row], values[$0]) }) ?? true { best = row }
    }
    return best
  }

  /// The first of the rows; of several with its time (rows of a subquery) the largest value.
  @inline(__always)
  private static func edge(
    _ values: [Value], _ timestamps: [Timestamp], _ rows: some Sequence<Int>
  ) -> Int? {
    var best: Int?
    for row in rows {
      guard let known = best else {
        best = row
        continue
      }
      guard timestamps[row] == timestamps[known] else { break }
      if Value.isLess(values[known], values[row]) { best = row }
    }
    return best
  }

  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool {
    switch kind {
    case .first:
      guard let value = Value.value(of: statistics.first) else { return false }
      add(value, statistics.firstTimestamp, bucket)
    case .last:
      guard let value = Value.value(of: statistics.last) else { return false }
      add(value, statistics.lastTimestamp, bucket)
    case .min, .max:
      let extreme = kind == .min ? statistics.minimum : statistics.maximum
      guard let value = Value.value(of: extreme), value == value else { return false }
      if needsTime {
        // A later point only counts where it is better.
        guard let index = buckets.indices.last, buckets[index] == bucket else { return false }
        return !prefers(value, .max, to: values[index], times[index])
      }
      add(value, statistics.firstTimestamp, bucket)
    }
    return true
  }

  private mutating func add(_ value: Value, _ time: Timestamp, _ bucket: Timestamp) {
    guard let last = buckets.indices.last, buckets[last] == bucket else {
      buckets.append(bucket)
      times.append(time)
      values.append(value)
      return
    }
    if prefers(value, time, to: values[last], times[last]) {
      values[last] = value
      times[last] = time
    }
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  mutating func merge(_ other: any BucketAccumulator) {
    guard let other = other as? Self else { return }
    if other.buckets == buckets {
      for index in buckets.indices {
        let (value, time) = (other.values[index], other.times[index])
        if prefers(value, time, to: values[index], times[index]) {
          values[index] = value
          times[index] = time
        }
      }
      return
    }
    var merged = SelectAccumulator(kind, needsTime: needsTime)
    BucketMerge.walk(
      buckets, other.buckets,
      both: {
        merged.add(values[$0], times[$0], buckets[$0])
        merged.add(other.values[$1], other.times[$1], buckets[$0])
      },
      left: { merged.add(values[$0], times[$0], buckets[$0]) },
      right: { merged.add(other.values[$0], other.times[$0], other.buckets[$0]) })
    self = merged
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  func finish() -> BucketResults {
    BucketResults(
      buckets: buckets, pointTimes: times, column: Column(Value.columnValues(values)))
  }

  var byteCount: Int { buckets.count * (16 + MemoryLayout<Value>.stride) }
}

/// spread(): the largest value less the smallest.
struct SpreadAccumulator<Value: Selectable>: BucketAccumulator {
  private var low = SelectAccumulator<Value>(.min, needsTime: false)
  private var high = SelectAccumulator<Value>(.max, needsTime: false)

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  mutating func add(_ column: Column, _ timestamps: [Timestamp], _ runs: BucketRuns) {
    low.add(column, timestamps, runs)
    high.add(column, timestamps, runs)
  }

  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool {
    low.add(statistics, bucket: bucket) && high.add(statistics, bucket: bucket)
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  mutating func merge(_ other: any BucketAccumulator) {
    guard let other = other as? Self else { return }
    low.merge(other.low)
    high.merge(other.high)
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  @_specialize(where Value == Bool)
  @_specialize(where Value == String)
  func finish() throws -> BucketResults {
    let (low, high) = (low.finish(), high.finish())
    guard let a = Value.values(of: low.column), let b = Value.values(of: high.column) else {
      return low
    }
    return BucketResults(
      buckets: low.buckets, pointTimes: low.buckets,
      column: Column(Value.columnValues(try zip(a, b).map(Value.span))))
  }

  var byteCount: Int { low.byteCount + high.byteCount }
}

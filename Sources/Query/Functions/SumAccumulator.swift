import TimeSeries

/// A number that sums are made of. Integers wrap around.
protocol Summable: Sendable, Hashable {
  static var nothing: Self { get }
  static func sum(_ a: Self, _ b: Self) -> Self
  static func values(_ column: Column) -> [Self]?
  static func value(_ field: FieldValue) -> Self?
  static func column(_ values: [Self]) -> ColumnValues
  var double: Double { get }
  /// Whether the order of additions does not matter.
  static var isExact: Bool { get }
}

extension Double: Summable {
  static var nothing: Double { 0 }
  @inline(__always) static func sum(_ a: Double, _ b: Double) -> Double { a + b }
  static func values(_ column: Column) -> [Double]? {
    if case .float(let values) = column.values { values } else { nil }
  }
  static func value(_ field: FieldValue) -> Double? {
    if case .float(let value) = field { value } else { nil }
  }
  static func column(_ values: [Double]) -> ColumnValues { .float(values) }
  var double: Double { self }
  static var isExact: Bool { false }
}

extension Int64: Summable {
  static var nothing: Int64 { 0 }
  @inline(__always) static func sum(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
  static func values(_ column: Column) -> [Int64]? {
    if case .integer(let values) = column.values { values } else { nil }
  }
  static func value(_ field: FieldValue) -> Int64? {
    if case .integer(let value) = field { value } else { nil }
  }
  static func column(_ values: [Int64]) -> ColumnValues { .integer(values) }
  var double: Double { Double(self) }
  static var isExact: Bool { true }
}

extension UInt64: Summable {
  static var nothing: UInt64 { 0 }
  @inline(__always) static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 { a &+ b }
  static func values(_ column: Column) -> [UInt64]? {
    if case .unsigned(let values) = column.values { values } else { nil }
  }
  static func value(_ field: FieldValue) -> UInt64? {
    if case .unsigned(let value) = field { value } else { nil }
  }
  static func column(_ values: [UInt64]) -> ColumnValues { .unsigned(values) }
  var double: Double { Double(self) }
  static var isExact: Bool { true }
}

/// Sums and means.
///
/// A float sum depends on the order of additions. Within a series each block is summed by itself
/// and added to what came before, which is what block statistics allow; or, where the result must
/// not depend on blocks, value after value. Series are added in the order of their keys.
struct SumAccumulator<Value: Summable>: BucketAccumulator {
  let isMean: Bool
  let isLayoutIndependent: Bool
  private var buckets: [Timestamp] = []
  private var counts: [Int] = []
  private var sums: [Value] = []

  init(isMean: Bool, isLayoutIndependent: Bool) {
    self.isMean = isMean
    self.isLayoutIndependent = isLayoutIndependent
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  mutating func add(_ column: Column, _ timestamps: [Timestamp], _ runs: BucketRuns) {
    guard let values = Value.values(column) else { return }
    for (index, bucket) in runs.starts.enumerated() {
      let continues = isLayoutIndependent && buckets.last == bucket
      var sum = continues ? sums[sums.count - 1] : Value.nothing
      var count = 0
      let rows = runs.bounds[index]..<runs.bounds[index + 1]
      if let validity = column.validity {
        for row in rows where validity[row] {
          sum = Value.sum(sum, values[row])
          count += 1
        }
      } else {
        for row in rows { sum = Value.sum(sum, values[row]) }
        count = rows.count
      }
      if continues {
        sums[sums.count - 1] = sum
        counts[counts.count - 1] += count
      } else {
        add(sum, count, bucket)
      }
    }
  }

  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool {
    guard let sum = statistics.sum.flatMap(Value.value) else { return false }
    if isLayoutIndependent, !Value.isExact, buckets.last == bucket { return false }
    add(sum, statistics.count, bucket)
    return true
  }

  private mutating func add(_ sum: Value, _ count: Int, _ bucket: Timestamp) {
    if count == 0 { return }
    if buckets.last == bucket {
      sums[sums.count - 1] = Value.sum(sums[sums.count - 1], sum)
      counts[counts.count - 1] += count
    } else {
      buckets.append(bucket)
      sums.append(sum)
      counts.append(count)
    }
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  mutating func merge(_ other: any BucketAccumulator) {
    guard let other = other as? Self else { return }
    if other.buckets == buckets {
      for index in sums.indices {
        sums[index] = Value.sum(sums[index], other.sums[index])
        counts[index] += other.counts[index]
      }
      return
    }
    var merged = SumAccumulator(isMean: isMean, isLayoutIndependent: isLayoutIndependent)
    BucketMerge.walk(
      buckets, other.buckets,
      both: {
        merged.add(
          Value.sum(sums[$0], other.sums[$1]), counts[$0] + other.counts[$1], buckets[$0])
      },
      left: { merged.add(sums[$0], counts[$0], buckets[$0]) },
      right: { merged.add(other.sums[$0], other.counts[$0], other.buckets[$0]) })
    self = merged
  }

  @_specialize(where Value == Double)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt64)
  func finish() -> BucketResults {
    let values: ColumnValues =
      isMean
      ? .float(zip(sums, counts).map { $0.double / Double($1) }) : Value.column(sums)
    return BucketResults(buckets: buckets, pointTimes: buckets, column: Column(values))
  }

  var byteCount: Int { buckets.count * 24 }
}

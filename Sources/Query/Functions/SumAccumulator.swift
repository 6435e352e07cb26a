import TimeSeries

/// A number that sums are made of.
protocol Summable: Sendable, Hashable {
  associatedtype Sum: RunningSum where Sum.Value == Self, Sum.Total: Sendable & Hashable
  typealias Total = Sum.Total

  static var nothing: Total { get }
  static func total(_ value: Self) -> Total
  static func sum(_ a: Total, _ b: Total) -> Total
  static func negated(_ value: Self) -> Total
  static func values(_ column: Column) -> [Self]?
  /// The sum that statistics stand for; nil if they do not say.
  static func total(_ statistics: ColumnStatistics) -> Total?
  /// - Parameter function: whose results they are, for the error.
  /// - Throws: ``QueryError/overflow(_:_:)``
  static func column(totals: [Total], of function: String) throws -> ColumnValues
  static func double(_ total: Total) -> Double
  /// Whether the order of additions does not matter.
  static var isExact: Bool { get }
}

extension Double: Summable {
  typealias Sum = FloatSum

  static var nothing: Double { 0 }
  @inline(__always) static func total(_ value: Double) -> Double { value }
  @inline(__always) static func negated(_ value: Double) -> Double { -value }
  @inline(__always) static func sum(_ a: Double, _ b: Double) -> Double { a + b }
  static func values(_ column: Column) -> [Double]? {
    if case .float(let values) = column.values { values } else { nil }
  }
  static func total(_ statistics: ColumnStatistics) -> Double? {
    if case .float(let sum)? = statistics.sum { sum } else { nil }
  }
  static func column(totals: [Double], of _: String) -> ColumnValues { .float(totals) }
  static func double(_ total: Double) -> Double { total }
  static var isExact: Bool { false }
}

extension Int64: Summable {
  typealias Sum = IntegerSum<Int64>

  static var nothing: Int128 { 0 }
  @inline(__always) static func total(_ value: Int64) -> Int128 { Int128(value) }
  @inline(__always) static func negated(_ value: Int64) -> Int128 { -Int128(value) }
  @inline(__always) static func sum(_ a: Int128, _ b: Int128) -> Int128 { a &+ b }
  static func values(_ column: Column) -> [Int64]? {
    if case .integer(let values) = column.values { values } else { nil }
  }
  static func total(_ statistics: ColumnStatistics) -> Int128? {
    guard case .integer(let sum)? = statistics.sum, case .integer(let low) = statistics.minimum,
      case .integer(let high) = statistics.maximum
    else { return nil }
    return Sum.total(
      endingIn: UInt64(bitPattern: sum), count: statistics.count, minimum: low, maximum: high)
  }
  static func column(totals: [Int128], of function: String) throws -> ColumnValues {
    .integer(try totals.map { try Int64(fitting: $0, function) })
  }
  static func double(_ total: Int128) -> Double { total.double }
  static var isExact: Bool { true }
}

extension UInt64: Summable {
  typealias Sum = IntegerSum<UInt64>

  static var nothing: Int128 { 0 }
  @inline(__always) static func total(_ value: UInt64) -> Int128 { Int128(value) }
  @inline(__always) static func negated(_ value: UInt64) -> Int128 { -Int128(value) }
  @inline(__always) static func sum(_ a: Int128, _ b: Int128) -> Int128 { a &+ b }
  static func values(_ column: Column) -> [UInt64]? {
    if case .unsigned(let values) = column.values { values } else { nil }
  }
  static func total(_ statistics: ColumnStatistics) -> Int128? {
    guard case .unsigned(let sum)? = statistics.sum, case .unsigned(let low) = statistics.minimum,
      case .unsigned(let high) = statistics.maximum
    else { return nil }
    return Sum.total(endingIn: sum, count: statistics.count, minimum: low, maximum: high)
  }
  static func column(totals: [Int128], of function: String) throws -> ColumnValues {
    .unsigned(try totals.map { try UInt64(fitting: $0, function) })
  }
  static func double(_ total: Int128) -> Double { total.double }
  static var isExact: Bool { true }
}

/// Sums and means. Those of integers are exact.
///
/// A float sum depends on the order of additions. Within a series each block is summed by itself
/// and added to what came before, which is what block statistics allow; or, where the result must
/// not depend on blocks, value after value. Series are added in the order of their keys.
struct SumAccumulator<Value: Summable>: BucketAccumulator {
  let isMean: Bool
  let isLayoutIndependent: Bool
  private var buckets: [Timestamp] = []
  private var counts: [Int] = []
  private var sums: [Value.Total] = []

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
      var sum = Value.Sum(continues ? sums[sums.count - 1] : Value.nothing)
      var count = 0
      let rows = runs.bounds[index]..<runs.bounds[index + 1]
      if let validity = column.validity {
        for row in rows where validity[row] {
          sum.add(values[row])
          count += 1
        }
      } else {
        for value in values[rows] { sum.add(value) }
        count = rows.count
      }
      if continues {
        sums[sums.count - 1] = sum.total
        counts[counts.count - 1] += count
      } else {
        add(sum.total, count, bucket)
      }
    }
  }

  mutating func add(_ statistics: ColumnStatistics, bucket: Timestamp) -> Bool {
    guard let sum = Value.total(statistics) else { return false }
    if isLayoutIndependent, !Value.isExact, buckets.last == bucket { return false }
    add(sum, statistics.count, bucket)
    return true
  }

  private mutating func add(_ sum: Value.Total, _ count: Int, _ bucket: Timestamp) {
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
  func finish() throws -> BucketResults {
    let values: ColumnValues =
      isMean
      ? .float(zip(sums, counts).map { Value.double($0) / Double($1) })
      : try Value.column(totals: sums, of: "sum")
    return BucketResults(buckets: buckets, pointTimes: buckets, column: Column(values))
  }

  var byteCount: Int { buckets.count * (16 + MemoryLayout<Value.Total>.stride) }
}

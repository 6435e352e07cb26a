import TimeSeries

extension ColumnValues {
  /// The values at `rows`; a negative row gives the type's zero.
  func gathered(_ rows: [Int]) -> ColumnValues {
    func pick<T>(_ values: [T], _ zero: T) -> [T] { rows.map { $0 < 0 ? zero : values[$0] } }
    switch self {
    case .float(let values): return .float(pick(values, 0))
    case .integer(let values): return .integer(pick(values, 0))
    case .unsigned(let values): return .unsigned(pick(values, 0))
    case .boolean(let values): return .boolean(pick(values, false))
    case .string(let values): return .string(pick(values, ""))
    }
  }

  func slice(_ range: Range<Int>) -> ColumnValues {
    switch self {
    case .float(let values): .float(Array(values[range]))
    case .integer(let values): .integer(Array(values[range]))
    case .unsigned(let values): .unsigned(Array(values[range]))
    case .boolean(let values): .boolean(Array(values[range]))
    case .string(let values): .string(Array(values[range]))
    }
  }

  private static let mixed = "columns of one batch have one type"

  /// Appends values of the same type, in place.
  mutating func append(_ other: ColumnValues) {
    // Emptying self leaves the array with one owner, so that it grows instead of being copied.
    switch self {
    case .float(var values):
      guard case .float(let more) = other else { return assertionFailure(Self.mixed) }
      self = .float([])
      values.append(contentsOf: more)
      self = .float(values)
    case .integer(var values):
      guard case .integer(let more) = other else { return assertionFailure(Self.mixed) }
      self = .integer([])
      values.append(contentsOf: more)
      self = .integer(values)
    case .unsigned(var values):
      guard case .unsigned(let more) = other else { return assertionFailure(Self.mixed) }
      self = .unsigned([])
      values.append(contentsOf: more)
      self = .unsigned(values)
    case .boolean(var values):
      guard case .boolean(let more) = other else { return assertionFailure(Self.mixed) }
      self = .boolean([])
      values.append(contentsOf: more)
      self = .boolean(values)
    case .string(var values):
      guard case .string(let more) = other else { return assertionFailure(Self.mixed) }
      self = .string([])
      values.append(contentsOf: more)
      self = .string(values)
    }
  }

  /// Bytes the values take, strings by their length.
  var byteCount: Int {
    switch self {
    case .float(let values): values.count * 8
    case .integer(let values): values.count * 8
    case .unsigned(let values): values.count * 8
    case .boolean(let values): values.count
    case .string(let values):
      values.reduce(0) { $0 + 16 + ($1.utf8.count > 15 ? $1.utf8.count : 0) }
    }
  }
}

extension Validity {
  func slice(_ range: Range<Int>) -> Validity {
    let shift = UInt64(range.lowerBound & 63)
    var result: [UInt64] = []
    result.reserveCapacity((range.count + 63) / 64)
    var index = range.lowerBound >> 6
    for _ in 0..<(range.count + 63) / 64 {
      let low = words[index] >> shift
      let high = shift > 0 && index + 1 < words.count ? words[index + 1] << (64 - shift) : 0
      result.append(low | high)
      index += 1
    }
    return Validity(words: result, count: range.count)
  }
}

extension Column {
  /// The rows named, in that order; a negative row is null.
  func gathered(_ rows: [Int]) -> Column {
    let hasGap = rows.contains { $0 < 0 }
    guard validity != nil || hasGap else { return Column(values.gathered(rows)) }
    var present = Validity(count: 0)
    for row in rows { present.append(row >= 0 && isPresent(row)) }
    return Column(values.gathered(rows), validity: present)
  }

  func slice(_ range: Range<Int>) -> Column {
    if range == 0..<count { return self }
    guard let validity else { return Column(values.slice(range)) }
    return Column(values.slice(range), validity: validity.slice(range))
  }

  func reversed() -> Column { gathered(Array((0..<count).reversed())) }

  mutating func append(_ other: Column) {
    if validity != nil || other.validity != nil {
      var present = validity ?? Validity(count: count)
      validity = nil
      for row in 0..<other.count { present.append(other.isPresent(row)) }
      validity = present
    }
    values.append(other.values)
  }

  /// One value for every row.
  init(repeating value: FieldValue?, count: Int, type: FieldType) {
    guard let value else {
      self.init(nulls: count, type: type)
      return
    }
    switch value {
    case .float(let value): self.init(.float(Array(repeating: value, count: count)))
    case .integer(let value): self.init(.integer(Array(repeating: value, count: count)))
    case .unsigned(let value): self.init(.unsigned(Array(repeating: value, count: count)))
    case .boolean(let value): self.init(.boolean(Array(repeating: value, count: count)))
    case .string(let value): self.init(.string(Array(repeating: value, count: count)))
    }
  }

  /// The column as another type: numbers convert among themselves, floats to their integer part, all
  /// else becomes null. That is what a field's values of another type turn into where measurements
  /// disagree.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  func converted(to type: FieldType) throws -> Column {
    func each<Value, T: FieldInteger>(
      _ values: [Value], _ convert: (Value) throws -> T
    ) throws -> [T] {
      try values.enumerated().map { isPresent($0) ? try convert($1) : 0 }
    }
    switch (values, type) {
    case _ where values.type == type: return self
    case (.integer, .float), (.unsigned, .float):
      return Column(.float(doubles ?? []), validity: validity)
    case (.float(let values), .integer):
      return Column(.integer(try each(values, Int64.init(integerPartOf:))), validity: validity)
    case (.unsigned(let values), .integer):
      return Column(.integer(try each(values, Int64.init(converting:))), validity: validity)
    case (.float(let values), .unsigned):
      return Column(.unsigned(try each(values, UInt64.init(integerPartOf:))), validity: validity)
    case (.integer(let values), .unsigned):
      return Column(.unsigned(try each(values, UInt64.init(converting:))), validity: validity)
    default: return Column(nulls: count, type: type)
    }
  }

  /// The values as floats; nil if they are not numbers.
  var doubles: [Double]? {
    switch values {
    case .float(let values): values
    case .integer(let values): values.map(Double.init)
    case .unsigned(let values): values.map(Double.init)
    case .boolean, .string: nil
    }
  }

  /// Puts a number where `rows` is negative; such rows are null here. Of a float an integer column
  /// gets the integer part.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)`` if the column's type does not hold the number.
  func replacingNulls(_ rows: [Int], with number: FieldValue) throws -> Column {
    guard rows.contains(where: { $0 < 0 }) else { return self }
    func replace<T>(_ values: [T], _ filler: T) -> [T] {
      zip(values, rows).map { $1 < 0 ? filler : $0 }
    }
    let filler = Column(repeating: number, count: 1, type: number.type)
    var validity = validity
    for (index, row) in rows.enumerated() where row < 0 { validity?[index] = true }
    switch (values, try filler.converted(to: type).values) {
    case (.float(let values), .float(let filler)):
      return Column(.float(replace(values, filler[0])), validity: validity)
    case (.integer(let values), .integer(let filler)):
      return Column(.integer(replace(values, filler[0])), validity: validity)
    case (.unsigned(let values), .unsigned(let filler)):
      return Column(.unsigned(replace(values, filler[0])), validity: validity)
    default:
      // A number is no value of such a column: InfluxDB fills in false and "".
      return Column(values, validity: validity)
    }
  }

  var byteCount: Int { values.byteCount + (validity == nil ? 0 : (count + 7) / 8) }

  /// Rows that hold a value.
  var presentRows: [Int] {
    guard let validity else { return Array(0..<count) }
    return (0..<count).filter { validity[$0] }
  }
}

/// The integer part; out of range and NaN give the nearest integer or zero instead of a trap.
func saturatingInteger(_ value: Double) -> Int64 {
  if value.isNaN { return 0 }
  if value >= 0x1p63 { return .max }
  if value < -0x1p63 { return .min }
  return Int64(value)
}

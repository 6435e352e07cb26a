/// Which rows of a column hold a value: one bit a row, least significant bit first, set = present.
public struct Validity: Sendable, Hashable {
  public private(set) var words: [UInt64]
  public private(set) var count: Int

  public init(repeating present: Bool = true, count: Int) {
    words = Array(repeating: present ? .max : 0, count: (count + 63) / 64)
    self.count = count
    clearTail()
  }

  /// `words` holds at least `count` bits; bits past `count` are ignored.
  public init(words: [UInt64], count: Int) {
    precondition(words.count >= (count + 63) / 64)
    self.words = Array(words.prefix((count + 63) / 64))
    self.count = count
    clearTail()
  }

  @inlinable
  public subscript(row: Int) -> Bool {
    get { words[row >> 6] & (1 << UInt64(row & 63)) != 0 }
    set {
      if newValue {
        setWord(row >> 6, words[row >> 6] | 1 << UInt64(row & 63))
      } else {
        setWord(row >> 6, words[row >> 6] & ~(1 << UInt64(row & 63)))
      }
    }
  }

  public mutating func append(_ present: Bool) {
    if count & 63 == 0 { words.append(0) }
    count += 1
    if present { self[count - 1] = true }
  }

  /// How many rows hold a value.
  public var presentCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  @usableFromInline
  mutating func setWord(_ index: Int, _ word: UInt64) { words[index] = word }

  private mutating func clearTail() {
    if count & 63 != 0, let last = words.indices.last {
      words[last] &= (1 << UInt64(count & 63)) - 1
    }
  }
}

/// The values of one column of a batch. Rows without a value hold zero, false or "".
public enum ColumnValues: Sendable, Hashable {
  case float([Double])
  case integer([Int64])
  case unsigned([UInt64])
  case boolean([Bool])
  case string([String])

  public init(_ type: FieldType) {
    switch type {
    case .float: self = .float([])
    case .integer: self = .integer([])
    case .unsigned: self = .unsigned([])
    case .boolean: self = .boolean([])
    case .string: self = .string([])
    }
  }

  public var type: FieldType {
    switch self {
    case .float: .float
    case .integer: .integer
    case .unsigned: .unsigned
    case .boolean: .boolean
    case .string: .string
    }
  }

  public var count: Int {
    switch self {
    case .float(let values): values.count
    case .integer(let values): values.count
    case .unsigned(let values): values.count
    case .boolean(let values): values.count
    case .string(let values): values.count
    }
  }
}

/// Values and which of them are there.
public struct Column: Sendable, Hashable {
  public var values: ColumnValues
  /// Nil where every row has a value.
  public var validity: Validity?

  public init(_ values: ColumnValues, validity: Validity? = nil) {
    self.values = values
    self.validity = validity
  }

  /// A column of `count` rows without values.
  public init(nulls count: Int, type: FieldType) {
    switch type {
    case .float: values = .float(Array(repeating: 0, count: count))
    case .integer: values = .integer(Array(repeating: 0, count: count))
    case .unsigned: values = .unsigned(Array(repeating: 0, count: count))
    case .boolean: values = .boolean(Array(repeating: false, count: count))
    case .string: values = .string(Array(repeating: "", count: count))
    }
    validity = Validity(repeating: false, count: count)
  }

  public var type: FieldType { values.type }
  public var count: Int { values.count }

  @inlinable
  public func isPresent(_ row: Int) -> Bool { validity?[row] ?? true }

  /// The value of a row, nil where there is none.
  public subscript(row: Int) -> FieldValue? {
    guard isPresent(row) else { return nil }
    switch values {
    case .float(let values): return .float(values[row])
    case .integer(let values): return .integer(values[row])
    case .unsigned(let values): return .unsigned(values[row])
    case .boolean(let values): return .boolean(values[row])
    case .string(let values): return .string(values[row])
    }
  }
}

/// Rows of one series: times ascending, each once, and a column for each field asked for.
public struct ColumnBatch: Sendable, Hashable {
  public var timestamps: [Timestamp]
  /// One column for each field asked for, in that order, each as long as `timestamps`.
  public var columns: [Column]

  public init(timestamps: [Timestamp], columns: [Column]) {
    self.timestamps = timestamps
    self.columns = columns
  }

  public var rowCount: Int { timestamps.count }
}

/// What a column chunk says of its values without being decoded.
public struct ColumnStatistics: Sendable, Hashable {
  /// Rows with a value, at least one.
  public var count: Int
  /// NaN is left out of `minimum` and `maximum`; they are NaN where there is nothing else.
  public var minimum: FieldValue
  public var maximum: FieldValue
  /// In row order; of integers the lowest 64 bits. Nil for booleans and strings.
  public var sum: FieldValue?
  public var first: FieldValue
  public var firstTimestamp: Timestamp
  public var last: FieldValue
  public var lastTimestamp: Timestamp

  public init(
    count: Int, minimum: FieldValue, maximum: FieldValue, sum: FieldValue?, first: FieldValue,
    firstTimestamp: Timestamp, last: FieldValue, lastTimestamp: Timestamp
  ) {
    self.count = count
    self.minimum = minimum
    self.maximum = maximum
    self.sum = sum
    self.first = first
    self.firstTimestamp = firstTimestamp
    self.last = last
    self.lastTimestamp = lastTimestamp
  }
}

/// A number the store gives a series of one database. Never given again after the series is
/// dropped.
public struct SeriesID: RawRepresentable, Sendable, Hashable, Comparable {
  public var rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable
  public static func < (a: SeriesID, b: SeriesID) -> Bool { a.rawValue < b.rawValue }
}

/// What a measurement holds.
public struct MeasurementSchema: Sendable, Hashable {
  public struct Field: Sendable, Hashable {
    public var name: String
    public var type: FieldType

    public init(name: String, type: FieldType) {
      self.name = name
      self.type = type
    }
  }

  public var name: String
  /// Sorted by name.
  public var fields: [Field]
  /// Sorted.
  public var tagKeys: [String]

  public init(name: String, fields: [Field], tagKeys: [String]) {
    self.name = name
    self.fields = fields
    self.tagKeys = tagKeys
  }

  public func type(of field: String) -> FieldType? {
    fields.first { $0.name == field }?.type
  }
}

/// A condition on tags alone, which the store answers from its postings. A series without a tag
/// has the empty value for it, as in InfluxDB: `host = ''` finds the series without `host`.
public indirect enum TagPredicate: Sendable {
  case equal(key: String, value: String)
  /// `test` is asked once for each distinct value of the tag (and for "").
  case matching(key: String, test: @Sendable (String) -> Bool)
  case and([TagPredicate])
  case or([TagPredicate])
  case not(TagPredicate)

  /// Whether a series with these tags is meant.
  public func matches(_ key: SeriesKey) -> Bool {
    switch self {
    case .equal(let tag, let value): (key.value(of: tag) ?? "") == value
    case .matching(let tag, let test): test(key.value(of: tag) ?? "")
    case .and(let parts): parts.allSatisfy { $0.matches(key) }
    case .or(let parts): parts.contains { $0.matches(key) }
    case .not(let part): !part.matches(key)
    }
  }
}

/// A series as a query sees it.
public struct SeriesDescriptor: Sendable, Hashable {
  public var id: SeriesID
  public var key: SeriesKey

  public init(id: SeriesID, key: SeriesKey) {
    self.id = id
    self.key = key
  }
}

/// A stretch of one series' rows that can be summed up without being read.
///
/// Blocks of one scan come in time order, do not overlap, and hold each time once: what was written
/// twice is already resolved, the later write standing.
public protocol SeriesBlock: Sendable {
  /// Rows the block yields at most.
  var rowCount: Int { get }
  /// First and last time of the rows.
  var timeRange: ClosedRange<Timestamp> { get }
  /// What the store knows of the values of a field (an index into the fields of the scan) over
  /// exactly the rows that ``read()`` yields; nil where it would have to read them.
  func statistics(ofField index: Int) -> ColumnStatistics?
  /// Whether the field has any value in the block; false only where the store is sure.
  func mayContain(field index: Int) -> Bool
  /// Whether the series has a row within the scan's time range here, of whatever fields.
  func hasRows() throws -> Bool
  /// Rows within the scan's time range, columns in the order of the scan's fields; rows in which
  /// none of those fields has a value are left out.
  func read() throws -> ColumnBatch
}

extension SeriesBlock {
  public func hasRows() throws -> Bool { try !read().timestamps.isEmpty }
}

/// One database at one moment: what was acknowledged before it was taken is there, nothing written
/// later appears, and it stays readable while data is compacted, dropped or deleted.
///
/// Names that do not exist yield nothing; errors are only about reading files.
public protocol DatabaseSnapshot: Sendable {
  /// Sorted.
  var measurements: [String] { get }
  func schema(of measurement: String) -> MeasurementSchema?
  /// The series of a measurement, sorted by key, filtered by a condition on their tags.
  func series(of measurement: String, matching predicate: TagPredicate?) -> [SeriesDescriptor]
  /// The rows of a series with `from <= time <= through`, as blocks. `retentionPolicy` nil is the
  /// database's default policy.
  func blocks(
    of series: SeriesID, fields: [String], from: Timestamp, through: Timestamp,
    retentionPolicy: String?
  ) throws -> [any SeriesBlock]
}

/// A retention policy: how long points are kept, and how they are partitioned.
public struct RetentionPolicy: Sendable, Hashable, Codable {
  /// The policy every database starts with.
  public static let automaticName = "autogen"

  public var name: String
  /// Nanoseconds points are kept; 0 is for ever.
  public var duration: Int64
  /// Nanoseconds a partition covers.
  public var partitionDuration: Int64

  public init(name: String, duration: Int64 = 0, partitionDuration: Int64 = 86_400_000_000_000) {
    self.name = name
    self.duration = duration
    self.partitionDuration = partitionDuration
  }
}

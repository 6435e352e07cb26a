/// Why one point of a batch was not taken in.
public enum PointRejection: Error, Sendable, Hashable {
  /// InfluxDB's wording: `field type conflict: input field "x" on measurement "m" is type float,
  /// already exists as type integer`.
  case fieldTypeConflict(measurement: String, field: String, given: FieldType, existing: FieldType)
  case timestampOutOfRange(Timestamp)
  /// The database has as many series as it may have.
  case seriesLimit(database: String, limit: Int)
  /// The measurement has as many fields as it may have, or would with those of the point.
  case fieldLimit(measurement: String, limit: Int)
  /// Key or value longer than the store takes.
  case tooLong(what: String, bytes: Int, limit: Int)
  /// A line the parser could not read; `reason` says where and why.
  case malformed(line: String, reason: String)
  /// Older than the retention policy keeps.
  case beyondRetention(Timestamp)
}

extension PointRejection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fieldTypeConflict(let measurement, let field, let given, let existing):
      "field type conflict: input field \"\(field)\" on measurement \"\(measurement)\" is type "
        + "\(given.name), already exists as type \(existing.name)"
    case .timestampOutOfRange(let timestamp): "time outside range: \(timestamp)"
    case .seriesLimit(let database, let limit):
      "max-series-per-database limit exceeded: db \"\(database)\" holds \(limit) series"
    case .fieldLimit(let measurement, let limit):
      "max-fields-per-measurement limit exceeded: measurement \"\(measurement)\" may have \(limit) "
        + "fields"
    case .tooLong(let what, let bytes, let limit):
      "\(what) is too long: \(bytes) bytes, at most \(limit)"
    case .malformed(let line, let reason): "unable to parse '\(line)': \(reason)"
    case .beyondRetention: "points beyond retention policy"
    }
  }
}

/// What became of a batch. Points that are not among the rejected are in the store, durable as the
/// sync policy promises.
public struct WriteOutcome: Sendable, Hashable {
  public struct Rejection: Sendable, Hashable {
    /// Line number from 1, 0 where the point did not come from a line.
    public var line: UInt32
    public var reason: PointRejection

    public init(line: UInt32, reason: PointRejection) {
      self.line = line
      self.reason = reason
    }
  }

  public var acceptedPoints: Int
  public var acceptedValues: Int
  public var rejections: [Rejection]
  /// Lines that could not be read beyond those among ``rejections``, of which there are some
  /// thousands at most.
  public var unlistedLines: Int

  public init(
    acceptedPoints: Int = 0, acceptedValues: Int = 0, rejections: [Rejection] = [],
    unlistedLines: Int = 0
  ) {
    self.acceptedPoints = acceptedPoints
    self.acceptedValues = acceptedValues
    self.rejections = rejections
    self.unlistedLines = unlistedLines
  }
}

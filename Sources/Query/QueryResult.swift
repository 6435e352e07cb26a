import TimeSeries

/// What one statement gave.
public struct StatementResult: Sendable {
  public var statementID: Int
  public var series: [ResultSeries]
  public var messages: [Message]
  /// The statement failed; series before the failure may be there.
  public var error: String?
  /// More results of the same statement follow (chunked responses).
  public var partial: Bool

  public struct Message: Sendable, Hashable {
    public var level: String
    public var text: String

    public init(level: String, text: String) {
      self.level = level
      self.text = text
    }
  }

  public init(
    statementID: Int, series: [ResultSeries] = [], messages: [Message] = [],
    error: String? = nil, partial: Bool = false
  ) {
    self.statementID = statementID
    self.series = series
    self.messages = messages
    self.error = error
    self.partial = partial
  }
}

/// A table of a result, by columns.
public struct ResultSeries: Sendable, Hashable {
  public var name: String
  /// In the order of the keys; empty where the statement does not group by tags.
  public var tags: [Tag]
  public var columnNames: [String]
  /// One for each name, all of one length.
  public var columns: [Column]
  /// Whether the first column holds timestamps (an integer column, nanoseconds), to be shown as
  /// times.
  public var hasTime: Bool
  /// The clock that times are shown on, where they are not shown as numbers: that of the statement's
  /// `tz()`. Nil for UTC.
  public var zone: ZoneClock?
  /// More rows of this series follow in the next result (chunked responses).
  public var partial: Bool

  public init(
    name: String, tags: [Tag] = [], columnNames: [String], columns: [Column], hasTime: Bool,
    zone: ZoneClock? = nil, partial: Bool = false
  ) {
    self.name = name
    self.tags = tags
    self.columnNames = columnNames
    self.columns = columns
    self.hasTime = hasTime
    self.zone = zone
    self.partial = partial
  }

  public var rowCount: Int { columns.first?.count ?? 0 }
}

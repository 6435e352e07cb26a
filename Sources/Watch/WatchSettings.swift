/// What is watched, by the names in the database.
public struct WatchSettings: Sendable, Hashable {
  public var database: String
  /// The measurement with the metrics.
  public var source: String
  /// The measurement that a continuous query writes a model's `detect` to.
  public var health: String
  /// The measurement of what is going on, if there is one: rows with the field `text`, where they
  /// are of one container its tag, and the field `until` (nanoseconds since 1970) for their end.
  public var marks: String?
  /// The tag that tells containers apart, one of the model's.
  public var group: String
  /// Seconds between two rows of a container.
  public var interval: Int
  /// The metrics to be shown, in this order; empty: all there are.
  public var fields: [String]
  public var units: [String: MetricUnit]

  public init(
    database: String, source: String = "container", health: String = "container_health",
    marks: String? = nil, group: String = "pod", interval: Int = 1, fields: [String] = [],
    units: [String: MetricUnit] = [:]
  ) {
    self.database = database
    self.source = source
    self.health = health
    self.marks = marks
    self.group = group
    self.interval = max(1, interval)
    self.fields = fields
    self.units = units
  }
}

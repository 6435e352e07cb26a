import LineProtocol
import TimeSeries

/// Writes what the ``Sampler`` learns as line protocol.
struct RowWriter: Sendable {
  private let node: String
  private let labels: [String]
  private var writer = LineProtocolWriter()
  /// Why rows could not be written.
  private(set) var problems: [String] = []

  init(node: String, labels: [String]) {
    self.node = node
    self.labels = labels
  }

  /// The lines written since the last call, and forgets them.
  mutating func take() -> [UInt8] {
    defer { writer.removeAll() }
    return writer.bytes
  }

  mutating func takeProblems() -> [String] {
    defer { problems = [] }
    return problems
  }

  /// One row of the measurement `container` for each series.
  ///
  /// A container that took another's place within the interval is the same series, and there can be
  /// one row of a series and time: theirs are added up.
  ///
  /// - Returns: how many rows were written.
  mutating func append(_ rows: [ContainerRow], start: Timestamp) -> Int {
    var bySeries: [SeriesKey: [Parameter: UInt64]] = [:]
    var order: [SeriesKey] = []
    for row in rows {
      let series = series("container", of: row.container)
      if bySeries[series] == nil { order.append(series) }
      for (parameter, value) in row.values {
        bySeries[series, default: [:]][parameter, default: 0].addClamped(value)
      }
    }
    var written = 0
    for series in order {
      let fields = Parameter.allCases.compactMap { parameter in
        bySeries[series]?[parameter].map {
          (parameter.rawValue, FieldValue.integer(Int64(clamping: $0)))
        }
      }
      if append(series, fields, start) { written += 1 }
    }
    return written
  }

  /// Rows of the measurement `container_events`.
  ///
  /// Events of one series at the same time, such as a kill for want of memory and the stop that
  /// it brought, are put a nanosecond apart, as there can be one row of a series and time.
  mutating func append(_ events: [LifecycleEvent]) {
    var last: [SeriesKey: Timestamp] = [:]
    for event in events {
      let series = series("container_events", of: event.container)
      var time = event.time
      if let previous = last[series], time <= previous, previous < TimestampBounds.latest {
        time = previous + 1
      }
      last[series] = time
      var fields: [(String, FieldValue)] = [
        ("event", .string(event.kind.rawValue)), ("count", .integer(Int64(clamping: event.count))),
      ]
      if let code = event.exitCode { fields.append(("exit_code", .integer(Int64(code)))) }
      _ = append(series, fields, time)
    }
  }

  /// One row of the measurement `collector`.
  mutating func append(collector values: [(name: String, value: Int64)], start: Timestamp) {
    _ = append(
      SeriesKey(measurement: "collector", tags: [Tag(key: "node", value: node)]),
      values.map { ($0.name, .integer($0.value)) }, start)
  }

  private mutating func append(
    _ series: SeriesKey, _ fields: [(String, FieldValue)], _ time: Timestamp
  ) -> Bool {
    do {
      try writer.append(series, fields: fields.map { (name: $0, value: $1) }, timestamp: time)
      return true
    } catch {
      problems.append("\(error)")
      return false
    }
  }

  private func series(_ measurement: String, of container: ContainerRecord) -> SeriesKey {
    var tags = [
      Tag(key: "container", value: container.name), Tag(key: "pod", value: container.pod),
      Tag(key: "namespace", value: container.namespace), Tag(key: "node", value: node),
    ]
    for label in labels {
      if let value = container.labels[label] { tags.append(Tag(key: label, value: value)) }
    }
    return SeriesKey(measurement: measurement, tags: tags)
  }
}

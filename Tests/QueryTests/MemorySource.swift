import Query
import Synchronization
import TimeSeries

/// A store in memory for tests: rows by series, cut into blocks of a size the test chooses.
final class MemorySource: QuerySource {
  struct Row: Sendable {
    var time: Timestamp
    var values: [String: FieldValue]
  }

  struct Database: Sendable {
    /// By policy, then by canonical series key.
    var rows: [String: [String: [Timestamp: [String: FieldValue]]]] = [:]
    var keys: [String: SeriesKey] = [:]
    var types: [String: [String: FieldType]] = [:]
  }

  let blockSize: Int
  /// Whether blocks know their statistics.
  let hasStatistics: Bool
  private let state = Mutex<[String: Database]>([:])
  private let models = Mutex<[String: any ScoringModel]>([:])

  init(blockSize: Int = 7, hasStatistics: Bool = true, databases: [String] = ["golden"]) {
    self.blockSize = blockSize
    self.hasStatistics = hasStatistics
    state.withLock { state in for name in databases { state[name] = Database() } }
  }

  func add(_ model: any ScoringModel, named name: String) { models.withLock { $0[name] = model } }

  var databases: [String] { state.withLock { $0.keys.sorted() } }

  func retentionPolicies(of database: String) -> [RetentionPolicy]? {
    databases.contains(database)
      ? [RetentionPolicy(name: "autogen"), RetentionPolicy(name: "other")] : nil
  }

  func snapshot(of database: String) -> (any DatabaseSnapshot)? {
    state.withLock { $0[database] }.map {
      MemorySnapshot($0, blockSize: blockSize, hasStatistics: hasStatistics)
    }
  }

  func model(named name: String, in database: String) throws -> (any ScoringModel)? {
    models.withLock { $0[name] }
  }

  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  {
    for point in batch.points {
      guard let key = SeriesKey(canonical: batch.bytes(batch.seriesKeys[Int(point.series)]))
      else { continue }
      var values: [String: FieldValue] = [:]
      for index in Int(point.firstField)..<Int(point.firstField) + Int(point.fieldCount) {
        let field = batch.fields[index]
        values[batch.string(batch.fieldNames[Int(field.name)])] = batch.value(of: field)
      }
      insert(key, point.timestamp, values, database: database, policy: retentionPolicy ?? "autogen")
    }
    return WriteOutcome(acceptedPoints: batch.points.count)
  }

  func insert(
    _ key: SeriesKey, _ time: Timestamp, _ values: [String: FieldValue],
    database: String = "golden", policy: String = "autogen"
  ) {
    state.withLock { state in
      state[database]?.keys[key.description] = key
      state[database]?.rows[policy, default: [:]][key.description, default: [:]][
        time, default: [:]
      ].merge(values) { $1 }
      for (name, value) in values {
        state[database]?.types[key.measurement, default: [:]][name] = value.type
      }
    }
  }

  /// Line protocol without escapes, as the golden files have it.
  func insert(line: String) {
    let parts = line.split(separator: " ")
    guard parts.count == 3, let time = Int64(parts[2]) else { return }
    let head = parts[0].split(separator: ",").map(String.init)
    let tags = head.dropFirst().map { tag -> Tag in
      let pair = tag.split(separator: "=").map(String.init)
      return Tag(key: pair[0], value: pair[1])
    }
    var values: [String: FieldValue] = [:]
    for field in parts[1].split(separator: ",") {
      let pair = field.split(separator: "=").map(String.init)
      values[pair[0]] = Self.value(pair[1])
    }
    insert(SeriesKey(measurement: head[0], tags: tags), time, values)
  }

  private static func value(_ text: String) -> FieldValue {
    if text.hasPrefix("\"") { return .string(String(text.dropFirst().dropLast())) }
    if text == "true" || text == "false" { return .boolean(text == "true") }
    if text.hasSuffix("i") { return .integer(Int64(text.dropLast()) ?? 0) }
    return .float(Double(text) ?? 0)
  }
}

struct MemorySnapshot: DatabaseSnapshot {
  private let database: MemorySource.Database
  private let sortedKeys: [String]
  private let blockSize: Int
  private let hasStatistics: Bool

  init(_ database: MemorySource.Database, blockSize: Int, hasStatistics: Bool) {
    self.database = database
    self.blockSize = blockSize
    self.hasStatistics = hasStatistics
    sortedKeys = database.keys.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  var measurements: [String] { database.types.keys.sorted() }

  func schema(of measurement: String) -> MeasurementSchema? {
    guard let types = database.types[measurement] else { return nil }
    let tags = Set(
      database.keys.values.filter { $0.measurement == measurement }.flatMap { $0.tags.map(\.key) })
    return MeasurementSchema(
      name: measurement,
      fields: types.sorted { $0.key < $1.key }.map { .init(name: $0.key, type: $0.value) },
      tagKeys: tags.sorted())
  }

  func series(of measurement: String, matching predicate: TagPredicate?) -> [SeriesDescriptor] {
    sortedKeys.enumerated().compactMap { index, name in
      guard let key = database.keys[name], key.measurement == measurement,
        predicate?.matches(key) ?? true
      else { return nil }
      return SeriesDescriptor(id: SeriesID(rawValue: UInt32(index)), key: key)
    }
  }

  func blocks(
    of series: SeriesID, fields: [String], from: Timestamp, through: Timestamp,
    retentionPolicy: String?
  ) throws -> [any SeriesBlock] {
    let all = database.rows[retentionPolicy ?? "autogen"]?[sortedKeys[Int(series.rawValue)]] ?? [:]
    let rows = all.filter { time, values in
      time >= from && time <= through && fields.contains { values[$0] != nil }
    }.sorted { $0.key < $1.key }
    return stride(from: 0, to: rows.count, by: blockSize).map { start in
      MemoryBlock(
        rows: rows[start..<min(start + blockSize, rows.count)].map {
          MemorySource.Row(time: $0.key, values: $0.value)
        },
        fields: fields,
        types: fields.map { name in
          rows.lazy.compactMap { $0.value[name]?.type }.first ?? .float
        },
        hasStatistics: hasStatistics)
    }
  }
}

struct MemoryBlock: SeriesBlock {
  let rows: [MemorySource.Row]
  let fields: [String]
  let types: [FieldType]
  let hasStatistics: Bool

  var rowCount: Int { rows.count }
  var timeRange: ClosedRange<Timestamp> { rows[0].time...rows[rows.count - 1].time }

  func mayContain(field index: Int) -> Bool { rows.contains { $0.values[fields[index]] != nil } }

  func statistics(ofField index: Int) -> ColumnStatistics? {
    guard hasStatistics else { return nil }
    let points = rows.compactMap { row in row.values[fields[index]].map { (row.time, $0) } }
    guard let first = points.first, let last = points.last else { return nil }
    let values = points.map(\.1)
    return ColumnStatistics(
      count: values.count, minimum: values.reduce(values[0]) { isLess($1, $0) ? $1 : $0 },
      maximum: values.reduce(values[0]) { isLess($0, $1) ? $1 : $0 }, sum: sum(values),
      first: first.1, firstTimestamp: first.0, last: last.1, lastTimestamp: last.0)
  }

  private func isLess(_ a: FieldValue, _ b: FieldValue) -> Bool {
    switch (a, b) {
    case (.float(let a), .float(let b)): a < b
    case (.integer(let a), .integer(let b)): a < b
    case (.unsigned(let a), .unsigned(let b)): a < b
    case (.boolean(let a), .boolean(let b)): !a && b
    case (.string(let a), .string(let b)): a < b
    default: false
    }
  }

  private func sum(_ values: [FieldValue]) -> FieldValue? {
    switch values[0] {
    case .float:
      var sum = 0.0
      for case .float(let value) in values { sum += value }
      return .float(sum)
    case .integer:
      var sum: Int64 = 0
      for case .integer(let value) in values { sum &+= value }
      return .integer(sum)
    case .unsigned:
      var sum: UInt64 = 0
      for case .unsigned(let value) in values { sum &+= value }
      return .unsigned(sum)
    case .boolean, .string: return nil
    }
  }

  func read() throws -> ColumnBatch {
    ColumnBatch(
      timestamps: rows.map(\.time),
      columns: zip(fields, types).map { name, type in
        Self.column(rows.map { $0.values[name] }, type)
      })
  }

  static func column(_ values: [FieldValue?], _ type: FieldType) -> Column {
    var validity = Validity(count: 0)
    for value in values { validity.append(value != nil) }
    let column: ColumnValues =
      switch type {
      case .float: .float(values.map { if case .float(let v)? = $0 { v } else { 0 } })
      case .integer: .integer(values.map { if case .integer(let v)? = $0 { v } else { 0 } })
      case .unsigned: .unsigned(values.map { if case .unsigned(let v)? = $0 { v } else { 0 } })
      case .boolean: .boolean(values.map { if case .boolean(let v)? = $0 { v } else { false } })
      case .string: .string(values.map { if case .string(let v)? = $0 { v } else { "" } })
      }
    return Column(column, validity: validity.presentCount == values.count ? nil : validity)
  }
}

import TimeSeries

/// Decides which points of a batch may be written, before anything changes: the index is only read.
///
/// What the accepted points bring that is new (series, fields) is collected, and put into the index
/// once the WAL has the batch (``DatabaseStore``).
struct WriteAdmission {
  /// Longest string value, bytes.
  static let stringLimit = 1 << 20

  struct Limits {
    var database: String
    var series: Int
    /// Of a measurement.
    var fields: Int
    /// Points before this are beyond retention.
    var earliest: Timestamp
  }

  enum Series {
    /// Not looked at yet.
    case unresolved
    case known(id: UInt32, measurement: MeasurementIndex)
    case new(measurement: String)
    /// New, and an accepted point needs it.
    case admitted(measurement: String)
    case rejected(PointRejection)
  }

  /// For each point; nil where all are accepted.
  private(set) var accepted: [Bool]?
  private(set) var outcome = WriteOutcome()
  /// For each series of the batch.
  private(set) var series: [Series]
  /// Series of the batch to add to the index, in this order.
  private(set) var newSeries: [Int] = []
  private(set) var newFields: [SeriesLog.NewField] = []

  private let batch: PointBatch
  private let plan: WritePlan
  private let index: SeriesIndex
  private let limits: Limits
  private var newTypes: [String: [String: FieldType]] = [:]
  private var verdicts: [UInt64: PointRejection?] = [:]
  private var parts = KeyParts()

  init(_ batch: PointBatch, _ plan: WritePlan, index: SeriesIndex, limits: Limits) {
    self.batch = batch
    self.plan = plan
    self.index = index
    self.limits = limits
    series = Array(repeating: .unresolved, count: batch.seriesKeys.count)
    decide()
  }

  private mutating func decide() {
    // The shape that was accepted last for each series: the usual case costs one comparison.
    var latest = [UInt32](repeating: .max, count: batch.seriesKeys.count)
    let stringShapes = plan.shapes.map { shape in
      shape.fields.indices.contains { shape.type($0) == .string }
    }
    let earliest = max(limits.earliest, TimestampBounds.earliest)
    for (number, point) in batch.points.enumerated() {
      let shape = plan.pointShapes[number]
      if latest[Int(point.series)] == shape, point.timestamp >= earliest,
        point.timestamp <= TimestampBounds.latest, !stringShapes[Int(shape)]
      {
        continue
      }
      if let reason = rejection(of: point, shape: shape, hasStrings: stringShapes[Int(shape)]) {
        reject(number, reason)
      } else {
        latest[Int(point.series)] = shape
      }
    }
    outcome.acceptedPoints = batch.points.count - outcome.rejections.count
    for (number, point) in batch.points.enumerated() where accepted?[number] ?? true {
      outcome.acceptedValues += Int(point.fieldCount)
    }
  }

  private mutating func reject(_ number: Int, _ reason: PointRejection) {
    if accepted == nil { accepted = Array(repeating: true, count: batch.points.count) }
    accepted?[number] = false
    outcome.rejections.append(
      WriteOutcome.Rejection(line: batch.points[number].line, reason: reason))
  }

  private mutating func rejection(
    of point: PointBatch.Point, shape: UInt32, hasStrings: Bool
  ) -> PointRejection? {
    guard TimestampBounds.contains(point.timestamp) else {
      return .timestampOutOfRange(point.timestamp)
    }
    guard point.timestamp >= limits.earliest else { return .beyondRetention(point.timestamp) }
    if hasStrings, let reason = stringRejection(of: point) { return reason }
    let key = UInt64(point.series) << 32 | UInt64(shape)
    if let verdict = verdicts[key] { return verdict }
    let verdict = self.verdict(series: Int(point.series), shape: plan.shapes[Int(shape)])
    verdicts[key] = .some(verdict)
    return verdict
  }

  private func stringRejection(of point: PointBatch.Point) -> PointRejection? {
    let first = Int(point.firstField)
    for field in batch.fields[first..<first + Int(point.fieldCount)] where field.type == .string {
      let length = Int(field.stringRange.length)
      if length > Self.stringLimit {
        return .tooLong(what: "string value", bytes: length, limit: Self.stringLimit)
      }
    }
    return nil
  }

  /// Whether points of a series with these fields may be written; takes in what they bring.
  private mutating func verdict(series number: Int, shape: WritePlan.Shape) -> PointRejection? {
    if shape.fields.isEmpty {
      return .malformed(line: batch.string(batch.seriesKeys[number]), reason: "missing fields")
    }
    resolve(number)
    let known: MeasurementIndex?
    let measurement: String
    switch series[number] {
    case .rejected(let reason): return reason
    case .known(_, let index): (known, measurement) = (index, index.name)
    case .new(let name), .admitted(let name):
      (known, measurement) = (index.measurements[name], name)
    case .unresolved: return nil
    }
    var added: [String: FieldType] = [:]
    for position in shape.fields.indices {
      let range = batch.fieldNames[shape.name(position)]
      let type = shape.type(position)
      if let field = known?.field(named: batch.bytes(range)) {
        let existing = known?.fields[Int(field)].type ?? type
        if existing == type { continue }
        return .fieldTypeConflict(
          measurement: measurement, field: batch.string(range), given: type, existing: existing)
      }
      guard range.length <= SeriesIndex.keyLimit else {
        return .tooLong(what: "field name", bytes: Int(range.length), limit: SeriesIndex.keyLimit)
      }
      let name = batch.string(range)
      if let existing = newTypes[measurement]?[name] ?? added[name] {
        if existing == type { continue }
        return .fieldTypeConflict(
          measurement: measurement, field: name, given: type, existing: existing)
      }
      added[name] = type
    }
    if !added.isEmpty {
      let count = (known?.fields.count ?? 0) + (newTypes[measurement]?.count ?? 0) + added.count
      guard count <= limits.fields else {
        return .fieldLimit(measurement: measurement, limit: limits.fields)
      }
    }
    if case .new(let name) = series[number] {
      guard index.count + newSeries.count < limits.series else {
        return .seriesLimit(database: limits.database, limit: limits.series)
      }
      series[number] = .admitted(measurement: name)
      newSeries.append(number)
    }
    for (name, type) in added.sorted(by: { $0.key < $1.key }) {
      newTypes[measurement, default: [:]][name] = type
      newFields.append(SeriesLog.NewField(measurement: measurement, name: name, type: type))
    }
    return nil
  }

  private mutating func resolve(_ number: Int) {
    guard case .unresolved = series[number] else { return }
    let range = batch.seriesKeys[number]
    let bytes = batch.bytes(range)
    if let found = index.find(bytes) {
      series[number] = .known(id: found.id, measurement: found.measurement)
    } else if Int(range.length) > SeriesIndex.keyLimit {
      series[number] = .rejected(
        .tooLong(what: "series key", bytes: Int(range.length), limit: SeriesIndex.keyLimit))
    } else if let name = measurement(ofCanonical: bytes) {
      series[number] = .new(measurement: name)
    } else {
      series[number] = .rejected(
        .malformed(line: batch.string(range), reason: "not a series key"))
    }
  }

  /// Nil where `key` is none.
  private mutating func measurement(ofCanonical key: ArraySlice<UInt8>) -> String? {
    key.withUnsafeBytes { bytes in
      parts.read(bytes)
        ? String(decoding: bytes[parts.measurement], as: UTF8.self)
        : SeriesKey(canonical: bytes)?.measurement
    }
  }
}

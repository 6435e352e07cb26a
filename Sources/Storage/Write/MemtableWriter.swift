import TimeSeries

/// Puts a batch's points into a memtable. Called with the database's lock held.
///
/// Each series of the batch has a cursor at the end of the chunk it writes to; while the next point
/// has the same fields, a point costs a look at the cursor and a copy of its cells.
struct MemtableWriter {
  struct Target {
    var id: UInt32
    var measurement: MeasurementIndex
  }

  /// Where the fields of a shape go.
  private struct Binding {
    var layout: MemtableLayout
    /// For each column the field's position in the point.
    var positions: [Int]
  }

  private struct Cursor {
    var shape: UInt32 = .max
    var next: UnsafeMutablePointer<UInt64>?
    var room = 0
    var rows = 0
    var order: UInt64 = 0
    var minimumTime = Timestamp.max
    var maximumTime = Timestamp.min
    var series: MemtableSeries?
    var chunk: MemtableChunk?
    var binding: Binding?
  }

  private let memtable: Memtable
  private let policy: UInt32
  private let batch: PointBatch
  private let plan: WritePlan
  /// For each series of the batch; nil where no point of it was accepted.
  private let targets: [Target?]
  private var cursors: [Cursor]
  private var bindings: [UInt64: Binding] = [:]
  /// First and last time written, by measurement.
  private(set) var touched: [String: ClosedRange<Timestamp>] = [:]

  init(
    _ batch: PointBatch, _ plan: WritePlan, targets: [Target?], into memtable: Memtable,
    policy: UInt32
  ) {
    self.memtable = memtable
    self.policy = policy
    self.batch = batch
    self.plan = plan
    self.targets = targets
    cursors = Array(repeating: Cursor(), count: targets.count)
  }

  /// - Parameter accepted: for each point whether to write it; nil for all.
  mutating func write(accepted: [Bool]?) {
    let fields = batch.fields
    for (number, point) in batch.points.enumerated() where accepted?[number] ?? true {
      let shape = plan.pointShapes[number]
      let series = Int(point.series)
      if cursors[series].shape != shape || cursors[series].room == 0 {
        guard prepare(series, shape: shape) else { continue }
      }
      append(point, fields, at: series)
    }
    for series in cursors.indices { finish(series) }
  }

  @inline(__always)
  private mutating func append(
    _ point: PointBatch.Point, _ fields: [PointBatch.Field], at series: Int
  ) {
    guard var next = cursors[series].next, let binding = cursors[series].binding else { return }
    next.pointee = UInt64(bitPattern: point.timestamp)
    next += 1
    if cursors[series].order != .max {
      next.pointee = cursors[series].order
      cursors[series].order += 1
      next += 1
    }
    let first = Int(point.firstField)
    let cells = next
    for position in binding.positions {
      next.pointee = fields[first + position].bits
      next += 1
    }
    for column in binding.layout.stringColumns {
      let range = fields[first + binding.positions[column]].stringRange
      cells[column] = batch.bytes(range).withUnsafeBytes { memtable.texts.store($0) }
    }
    cursors[series].next = next
    cursors[series].room -= 1
    cursors[series].rows += 1
    cursors[series].minimumTime = min(cursors[series].minimumTime, point.timestamp)
    cursors[series].maximumTime = max(cursors[series].maximumTime, point.timestamp)
  }

  /// Moves a series' cursor to a chunk for the shape.
  private mutating func prepare(_ number: Int, shape: UInt32) -> Bool {
    guard let target = targets[number] else { return false }
    finish(number)
    let series = cursors[number].series ?? memtable.series(target.id, policy: policy)
    let binding = self.binding(target.measurement, shape: shape)
    let chunk = memtable.chunk(of: series, for: binding.layout)
    cursors[number] = Cursor(
      shape: shape, next: chunk.end, room: chunk.room,
      order: chunk.hasOrder ? series.nextOrder : .max, series: series, chunk: chunk,
      binding: binding)
    return true
  }

  /// Makes the rows written at a cursor part of its chunk.
  private mutating func finish(_ number: Int) {
    let cursor = cursors[number]
    guard cursor.rows > 0, let chunk = cursor.chunk, let series = cursor.series,
      let measurement = targets[number]?.measurement.name
    else { return }
    chunk.commit(
      rows: cursor.rows, minimumTime: cursor.minimumTime, maximumTime: cursor.maximumTime)
    series.advance(by: cursor.rows)
    cursors[number].rows = 0
    let range = touched[measurement] ?? cursor.minimumTime...cursor.maximumTime
    touched[measurement] =
      min(range.lowerBound, cursor.minimumTime)...max(range.upperBound, cursor.maximumTime)
  }

  private mutating func binding(_ measurement: MeasurementIndex, shape: UInt32) -> Binding {
    let key = UInt64(measurement.number) << 32 | UInt64(shape)
    if let known = bindings[key] { return known }
    let fields = plan.shapes[Int(shape)]
    let columns = fields.positions.compactMap { position in
      measurement.field(named: batch.bytes(batch.fieldNames[fields.name(position)]))
        .map { (field: $0, position: position) }
    }.sorted { $0.field < $1.field }
    let binding = Binding(
      layout: measurement.layout(of: columns.map(\.field)), positions: columns.map(\.position))
    bindings[key] = binding
    return binding
  }
}

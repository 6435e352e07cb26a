import TimeSeries

/// Rows of one series out of memtables, sorted by time; of one time those written later come last.
struct MemtableRows: Sendable {
  struct Row: Sendable {
    var time: Timestamp
    var order: UInt64
    var chunk: UInt32
    var row: UInt32
  }

  private(set) var rows: [Row] = []
  private(set) var chunks: [MemtableChunk] = []
  /// What the chunks' strings live in.
  private var texts: [TextArena] = []

  var isEmpty: Bool { rows.isEmpty }

  init() {}

  /// Adds rows of a memtable that are newer than all added before.
  mutating func add(
    _ parts: [(chunk: MemtableChunk, rows: Int)], texts arena: TextArena,
    from: Timestamp, through: Timestamp
  ) {
    guard !parts.isEmpty else { return }
    texts.append(arena)
    let generation = UInt64(texts.count) << 48
    let parts = parts.filter { $0.chunk.minimumTime <= through && $0.chunk.maximumTime >= from }
    // Once for all chunks: asking for each anew makes the array grow by a chunk at a time, and the
    // copying quadratic.
    rows.reserveCapacity(parts.reduce(rows.count) { $0 + $1.rows })
    for (chunk, count) in parts {
      let number = UInt32(chunks.count)
      chunks.append(chunk)
      for row in 0..<count {
        let time = chunk.time(row)
        if time >= from && time <= through {
          rows.append(
            Row(time: time, order: generation | chunk.order(row), chunk: number, row: UInt32(row)))
        }
      }
    }
  }

  /// Call once all is added.
  mutating func sort() {
    func isBefore(_ a: Row, _ b: Row) -> Bool {
      a.time < b.time || (a.time == b.time && a.order < b.order)
    }
    for index in rows.indices.dropFirst() where !isBefore(rows[index - 1], rows[index]) {
      rows.sort(by: isBefore)
      return
    }
  }

  /// The first row at or after a time.
  func firstRow(from time: Timestamp) -> Int {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first row behind a time.
  func firstRow(after time: Timestamp) -> Int {
    time == .max ? rows.count : firstRow(from: time + 1)
  }

  /// Names and types of all fields in the rows, sorted by name.
  var fields: [MeasurementSchema.Field] {
    var seen: [ObjectIdentifier] = []
    var types: [String: FieldType] = [:]
    for chunk in chunks where !seen.contains(ObjectIdentifier(chunk.layout)) {
      seen.append(ObjectIdentifier(chunk.layout))
      for (name, type) in zip(chunk.layout.names, chunk.layout.types) { types[name] = type }
    }
    return types.keys.sorted().compactMap { name in
      types[name].map { MeasurementSchema.Field(name: name, type: $0) }
    }
  }

  /// Whether any chunk has rows with the field.
  func mayContain(_ field: MeasurementSchema.Field) -> Bool {
    chunks.contains { $0.layout.column(of: field.name, type: field.type) != nil }
  }

  /// Rows of a range, each time once; of two values for one field and time the later stands.
  func batch(_ range: Range<Int>, fields: [MeasurementSchema.Field]) -> ColumnBatch {
    var starts: [Int] = []
    starts.reserveCapacity(range.count + 1)
    var timestamps: [Timestamp] = []
    timestamps.reserveCapacity(range.count)
    for row in range where timestamps.last != rows[row].time {
      timestamps.append(rows[row].time)
      starts.append(row)
    }
    starts.append(range.upperBound)
    let columns = fields.map { column($0, starts: starts) }
    return ColumnBatch(timestamps: timestamps, columns: columns)
  }

  private func column(_ field: MeasurementSchema.Field, starts: [Int]) -> Column {
    let columns = chunks.map { $0.layout.column(of: field.name, type: field.type) ?? -1 }
    return withExtendedLifetime(texts) {
      switch field.type {
      case .float:
        let (values, validity) = cells(columns, starts, absent: 0.0) { Double(bitPattern: $0) }
        return Column(.float(values), validity: validity)
      case .integer:
        let (values, validity) = cells(columns, starts, absent: Int64(0)) { Int64(bitPattern: $0) }
        return Column(.integer(values), validity: validity)
      case .unsigned:
        let (values, validity) = cells(columns, starts, absent: UInt64(0)) { $0 }
        return Column(.unsigned(values), validity: validity)
      case .boolean:
        let (values, validity) = cells(columns, starts, absent: false) { $0 != 0 }
        return Column(.boolean(values), validity: validity)
      case .string:
        let (values, validity) = cells(columns, starts, absent: "") { TextArena.string(at: $0) }
        return Column(.string(values), validity: validity)
      }
    }
  }

  @inline(__always)
  private func cells<Value>(
    _ columns: [Int], _ starts: [Int], absent: Value, _ convert: (UInt64) -> Value
  ) -> ([Value], Validity?) {
    var values: [Value] = []
    let count = starts.count - 1
    values.reserveCapacity(count)
    var missing: [Int] = []
    for group in 0..<count {
      var row = starts[group + 1] - 1
      var found = false
      while row >= starts[group] {
        let place = rows[row]
        let column = columns[Int(place.chunk)]
        if column >= 0 {
          values.append(convert(chunks[Int(place.chunk)].cell(Int(place.row), column)))
          found = true
          break
        }
        row -= 1
      }
      if !found {
        missing.append(group)
        values.append(absent)
      }
    }
    if missing.isEmpty { return (values, nil) }
    var validity = Validity(count: count)
    for row in missing { validity[row] = false }
    return (values, validity)
  }
}

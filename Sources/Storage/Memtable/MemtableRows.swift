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
  /// The columns of batches.
  private(set) var fields: [MemtableField]
  /// What the chunks' strings live in.
  private var texts: [TextArena] = []
  /// The distinct layouts of the chunks.
  private var layouts: [MemtableLayout] = []
  private var layoutNumbers: [ObjectIdentifier: Int] = [:]
  private var scatter = MemtableScatter()

  var isEmpty: Bool { rows.isEmpty }

  init(fields: [MemtableField] = []) { self.fields = fields }

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
      scatter.chunkLayouts.append(layoutNumber(chunk.layout))
      for row in 0..<count {
        let time = chunk.time(row)
        if time >= from && time <= through {
          rows.append(
            Row(time: time, order: generation | chunk.order(row), chunk: number, row: UInt32(row)))
        }
      }
    }
  }

  private mutating func layoutNumber(_ layout: MemtableLayout) -> Int {
    let identifier = ObjectIdentifier(layout)
    if let known = layoutNumbers[identifier] { return known }
    layoutNumbers[identifier] = layouts.count
    layouts.append(layout)
    return layouts.count - 1
  }

  /// Makes all fields that the rows have, ascending by number, the columns of batches. Call it
  /// before ``finish()``.
  mutating func selectAllFields() {
    if let only = layouts.first, layouts.count == 1 {
      fields = zip(only.fieldIDs, only.types).map { MemtableField(id: $0, type: $1) }
      return
    }
    var types: [UInt32: FieldType] = [:]
    for layout in layouts {
      for (id, type) in zip(layout.fieldIDs, layout.types) { types[id] = type }
    }
    fields = types.sorted { $0.key < $1.key }.map { MemtableField(id: $0.key, type: $0.value) }
  }

  /// Call once all is added.
  mutating func finish() {
    sort()
    let selected = fields.indices.compactMap { position in
      fields[position].id.map { (id: $0, position: position) }
    }.sorted { $0.id < $1.id }
    for layout in layouts { scatter.add(cells(of: layout, selected)) }
  }

  /// The selected cells of rows of a layout. Few fields of a wide layout and all fields of many
  /// narrow ones are both usual, so the shorter list leads.
  private func cells(
    of layout: MemtableLayout, _ selected: [(id: UInt32, position: Int)]
  ) -> [MemtableScatter.Cell] {
    var cells: [MemtableScatter.Cell] = []
    var start = 0
    if selected.count <= layout.fieldIDs.count {
      for (_, position) in selected {
        guard let column = layout.column(of: fields[position], from: start) else { continue }
        cells.append(MemtableScatter.Cell(column: Int32(column), field: Int32(position)))
        start = column
      }
      return cells
    }
    let ids = selected.map(\.id)
    for (column, id) in layout.fieldIDs.enumerated() {
      start = Postings.lowerBound(ids, id, from: start)
      // A field may be selected more than once.
      while start < ids.count, ids[start] == id {
        let position = selected[start].position
        if fields[position].type == layout.types[column] {
          cells.append(MemtableScatter.Cell(column: Int32(column), field: Int32(position)))
        }
        start += 1
      }
    }
    return cells
  }

  private mutating func sort() {
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

  /// Whether any chunk has rows with the field at a position of ``fields``.
  func mayContain(field position: Int) -> Bool {
    layouts.contains { $0.column(of: fields[position]) != nil }
  }

  /// Rows of a range, each time once; of two values for one field and time the later stands.
  func batch(_ range: Range<Int>) -> ColumnBatch {
    withExtendedLifetime(texts) {
      scatter.batch(rows[range], of: chunks, types: fields.map(\.type))
    }
  }
}

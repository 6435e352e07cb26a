import TimeSeries

/// Turns rows of memtable chunks into columns.
///
/// Rows are read once each, and every cell is written where its column wants it: the work grows with
/// the cells that the rows have and with the fields asked for, not with their product.
struct MemtableScatter: Sendable {
  /// Where rows of a layout have a field that is asked for.
  struct Cell: Sendable {
    var column: Int32
    /// The number of the column to make.
    var field: Int32
  }

  /// For each chunk the number of its layout.
  var chunkLayouts: [Int] = []
  /// The cells of all layouts, one after another, and where those of each layout begin.
  private var cells: [Cell] = []
  private var firstCells = [0]

  /// The cells of the next layout.
  mutating func add(_ more: [Cell]) {
    cells += more
    firstCells.append(cells.count)
  }

  /// The rows as a batch, each time once; of two values for one field and time the later row's
  /// stands.
  ///
  /// - Parameters:
  ///   - rows: ascending by time, those of one time by age.
  ///   - types: of the columns to make.
  func batch(
    _ rows: ArraySlice<MemtableRows.Row>, of chunks: [MemtableChunk], types: [FieldType]
  ) -> ColumnBatch {
    var timestamps: [Timestamp] = []
    timestamps.reserveCapacity(rows.count)
    for row in rows where timestamps.last != row.time { timestamps.append(row.time) }
    let (slots, used, isDense) = slots(for: rows, columns: types.count)
    let count = timestamps.count
    let maskWords = isDense ? 0 : (count + 63) / 64
    let columns = withUnsafeTemporaryAllocation(
      of: UInt64.self, capacity: used * (count + maskWords)
    ) { scratch in
      if !isDense { scratch.initialize(repeating: 0) }
      let values = UnsafeMutableBufferPointer(rebasing: scratch[..<(used * count)])
      let masks = UnsafeMutableBufferPointer(rebasing: scratch[(used * count)...])
      fill(values, masks, rows: rows, count: count, chunks: chunks, slots: slots)
      var nulls = NullColumns(count: count)
      return types.enumerated().map { field, type in
        let slot = slots[field]
        if slot < 0 { return nulls[type] }
        return Self.column(
          type, UnsafeBufferPointer(rebasing: values[slot * count..<(slot + 1) * count]),
          mask: masks[slot * maskWords..<(slot + 1) * maskWords])
      }
    }
    return ColumnBatch(timestamps: timestamps, columns: columns)
  }

  /// For each column its place in the scratch memory, -1 if no row has it; how many have one, and
  /// whether all rows have all of these.
  private func slots(
    for rows: ArraySlice<MemtableRows.Row>, columns: Int
  ) -> (slots: [Int], used: Int, isDense: Bool) {
    var isSeen = [Bool](repeating: false, count: firstCells.count - 1)
    var slots = [Int](repeating: -1, count: columns)
    var (used, layouts) = (0, 0)
    for row in rows {
      let layout = chunkLayouts[Int(row.chunk)]
      if isSeen[layout] { continue }
      isSeen[layout] = true
      layouts += 1
      for cell in cells[firstCells[layout]..<firstCells[layout + 1]]
      where slots[Int(cell.field)] < 0 {
        slots[Int(cell.field)] = used
        used += 1
      }
    }
    return (slots, used, layouts == 1)
  }

  /// Writes the cells of all rows; sets their bits, if there are `masks`.
  private func fill(
    _ values: UnsafeMutableBufferPointer<UInt64>, _ masks: UnsafeMutableBufferPointer<UInt64>,
    rows: ArraySlice<MemtableRows.Row>, count: Int, chunks: [MemtableChunk], slots: [Int]
  ) {
    let maskWords = (count + 63) / 64
    var target = -1
    var time: Timestamp?
    for place in rows {
      if place.time != time {
        time = place.time
        target += 1
      }
      let chunk = Int(place.chunk)
      let layout = chunkLayouts[chunk]
      chunks[chunk].withCells(ofRow: Int(place.row)) { row in
        for index in firstCells[layout]..<firstCells[layout + 1] {
          let cell = cells[index]
          let slot = slots[Int(cell.field)]
          values[slot * count + target] = row[Int(cell.column)]
          if !masks.isEmpty {
            masks[slot * maskWords + target >> 6] |= 1 << UInt64(target & 63)
          }
        }
      }
    }
  }

  /// - Parameter mask: a bit a row; empty where all have a value.
  private static func column(
    _ type: FieldType, _ bits: UnsafeBufferPointer<UInt64>,
    mask: Slice<UnsafeMutableBufferPointer<UInt64>>
  ) -> Column {
    var validity: Validity?
    if !mask.isEmpty {
      let known = Validity(words: Array(mask), count: bits.count)
      if known.presentCount < bits.count { validity = known }
    }
    let values: ColumnValues =
      switch type {
      case .float: .float(bits.map { Double(bitPattern: $0) })
      case .integer: .integer(bits.map { Int64(bitPattern: $0) })
      case .unsigned: .unsigned(Array(bits))
      case .boolean: .boolean(bits.map { $0 != 0 })
      // The address of a text that is not there is 0.
      case .string: .string(bits.map { TextArena.string(at: $0) })
      }
    return Column(values, validity: validity)
  }
}

import TimeSeries

/// The rows of a group in the query's time order, a batch at a time, holding no more than the
/// blocks that overlap.
///
/// Each series has a cursor over its blocks. A step decides how far in time every series is known,
/// which is the nearest end of the blocks that come next; it takes the rows up to there from all of
/// them and sorts these. Rows of one time come in the order of the series, in a descending query in
/// its reverse.
struct GroupStream {
  private struct Cursor {
    let reader: SeriesReader
    /// Still to be read, the next one last.
    var blocks: [any SeriesBlock]
    /// Rows read and not yet given, in the query's order.
    var rows: RowBatch?
    var position = 0

    var isDone: Bool { rows == nil && blocks.isEmpty }
  }

  private var cursors: [Cursor]
  private let descending: Bool
  private let first: FirstRows?
  private let context: QueryContext

  /// - Parameter first: where only so many rows will be taken; then a block need not give more.
  init(
    _ group: Group, from: Timestamp, through: Timestamp, descending: Bool,
    first: FirstRows? = nil, context: QueryContext
  ) throws {
    self.descending = descending
    self.first = first
    self.context = context
    cursors = try group.members.map { reader in
      let blocks = try reader.blocks(from: from, through: through)
      return Cursor(reader: reader, blocks: descending ? blocks : blocks.reversed())
    }
    cursors.removeAll(where: \.isDone)
  }

  /// Whether `a` comes before `b` or with it.
  private func reaches(_ a: Timestamp, _ b: Timestamp) -> Bool { descending ? a >= b : a <= b }

  private func first(_ block: any SeriesBlock) -> Timestamp {
    descending ? block.timeRange.upperBound : block.timeRange.lowerBound
  }

  private func last(_ block: any SeriesBlock) -> Timestamp {
    descending ? block.timeRange.lowerBound : block.timeRange.upperBound
  }

  /// The next rows, nil at the end; may be empty.
  mutating func next() throws -> RowBatch? {
    cursors.removeAll(where: \.isDone)
    guard !cursors.isEmpty else { return nil }
    if cursors.count == 1 { return try nextOfOnlySeries() }

    // The nearest end of what each series has in hand or would read next.
    var bound: Timestamp?
    for cursor in cursors {
      guard let end = cursor.rows?.timestamps.last ?? cursor.blocks.last.map(last) else { continue }
      if bound.map({ reaches(end, $0) }) ?? true { bound = end }
    }
    guard let bound else { return nil }
    try load(until: bound)

    var slab = RowBatch(timestamps: [], columns: [])
    for index in descending ? cursors.indices.reversed() : Array(cursors.indices) {
      guard let rows = cursors[index].rows else { continue }
      let start = cursors[index].position
      var end = start
      while end < rows.count, reaches(rows.timestamps[end], bound) { end += 1 }
      if end > start { slab.append(rows.slice(start..<end)) }
      cursors[index].position = end
      if end == rows.count {
        context.release(rows.byteCount)
        cursors[index].rows = nil
        cursors[index].position = 0
      }
    }
    return slab.sortedByTime(descending: descending)
  }

  private mutating func nextOfOnlySeries() throws -> RowBatch {
    if let rows = cursors[0].rows {
      let rest = rows.slice(cursors[0].position..<rows.count)
      context.release(rows.byteCount)
      cursors[0].rows = nil
      cursors[0].position = 0
      return rest
    }
    guard let block = cursors[0].blocks.popLast() else {
      return RowBatch(timestamps: [], columns: [])
    }
    let rows = try cursors[0].reader.read(block, first: first)
    return descending ? rows.reversed() : rows
  }

  /// Reads the next block of each series that has nothing in hand and begins by `bound`.
  private mutating func load(until bound: Timestamp) throws {
    var wanted: [(cursor: Int, reader: SeriesReader, block: any SeriesBlock)] = []
    for index in cursors.indices where cursors[index].rows == nil {
      guard let block = cursors[index].blocks.last, reaches(first(block), bound) else { continue }
      cursors[index].blocks.removeLast()
      wanted.append((index, cursors[index].reader, block))
    }
    let work = wanted.map { ($0.reader, $0.block) }
    let (descending, first) = (descending, first)
    let batches = try Parallel.map(work.count, isParallel: context.limits.isParallel) { index in
      let rows = try work[index].0.read(work[index].1, first: first)
      return descending ? rows.reversed() : rows
    }
    for (item, rows) in zip(wanted, batches) where rows.count > 0 {
      try context.charge(rows.byteCount)
      cursors[item.cursor].rows = rows
    }
  }
}

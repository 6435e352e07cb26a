import TimeSeries

/// Merges rows of one series out of several places.
enum ColumnMerge {
  /// Batches with the same columns, oldest first; of one time and field the newest value stands.
  static func merge(_ batches: [ColumnBatch]) -> ColumnBatch? {
    var rest = batches.filter { $0.rowCount > 0 }
    // Pairs of neighbours, which keeps the order of age and takes n·log k steps.
    while rest.count > 1 {
      rest = stride(from: 0, to: rest.count, by: 2).map { index in
        index + 1 < rest.count ? merge(rest[index], rest[index + 1]) : rest[index]
      }
    }
    return rest.first
  }

  private static func merge(_ older: ColumnBatch, _ newer: ColumnBatch) -> ColumnBatch {
    let pieces = pieces(older.timestamps, newer.timestamps)
    var timestamps: [Timestamp] = []
    timestamps.reserveCapacity(older.timestamps.count + newer.timestamps.count)
    for piece in pieces {
      switch piece {
      case .older(let rows), .both(let rows, _): timestamps += older.timestamps[rows]
      case .newer(let rows): timestamps += newer.timestamps[rows]
      }
    }
    var nulls = NullColumns(count: timestamps.count)
    let columns = zip(older.columns, newer.columns).map {
      $0.isEmpty && $1.isEmpty
        ? nulls[$1.type] : column(pieces, count: timestamps.count, $0, $1)
    }
    return ColumnBatch(timestamps: timestamps, columns: columns)
  }

  /// A run of rows that follow each other in the result and come from one place; `both` is a run
  /// of times that both have.
  private enum Piece {
    case older(Range<Int>)
    case newer(Range<Int>)
    case both(Range<Int>, Range<Int>)
  }

  /// How the rows of two batches interleave. Where their times touch but at the edges, as they do
  /// when points come nearly in order, these are few.
  private static func pieces(_ older: [Timestamp], _ newer: [Timestamp]) -> [Piece] {
    var pieces: [Piece] = []
    var (i, j) = (0, 0)
    while i < older.count, j < newer.count {
      let (startI, startJ) = (i, j)
      if older[i] == newer[j] {
        while i < older.count, j < newer.count, older[i] == newer[j] {
          i += 1
          j += 1
        }
        pieces.append(.both(startI..<i, startJ..<j))
      } else if older[i] < newer[j] {
        i = Postings.lowerBound(older, newer[j], from: i)
        pieces.append(.older(startI..<i))
      } else {
        j = Postings.lowerBound(newer, older[i], from: j)
        pieces.append(.newer(startJ..<j))
      }
    }
    if i < older.count { pieces.append(.older(i..<older.count)) }
    if j < newer.count { pieces.append(.newer(j..<newer.count)) }
    return pieces
  }

  private static func column(
    _ pieces: [Piece], count: Int, _ older: Column, _ newer: Column
  ) -> Column {
    switch (older.values, newer.values) {
    case (.float(let a), .float(let b)):
      let (values, validity) = pick(pieces, count, a, older.validity, b, newer.validity)
      return Column(.float(values), validity: validity)
    case (.integer(let a), .integer(let b)):
      let (values, validity) = pick(pieces, count, a, older.validity, b, newer.validity)
      return Column(.integer(values), validity: validity)
    case (.unsigned(let a), .unsigned(let b)):
      let (values, validity) = pick(pieces, count, a, older.validity, b, newer.validity)
      return Column(.unsigned(values), validity: validity)
    case (.boolean(let a), .boolean(let b)):
      let (values, validity) = pick(pieces, count, a, older.validity, b, newer.validity)
      return Column(.boolean(values), validity: validity)
    case (.string(let a), .string(let b)):
      let (values, validity) = pick(pieces, count, a, older.validity, b, newer.validity)
      return Column(.string(values), validity: validity)
    default:
      // The reader gives every column the type of the scan, so this is not met.
      return Column(nulls: count, type: newer.type)
    }
  }

  /// The values of the result. Rows without a value keep what stands in their place: zero, false
  /// or "" (see ``TimeSeries/ColumnValues``).
  @inline(__always)
  private static func pick<Value>(
    _ pieces: [Piece], _ count: Int, _ older: [Value], _ olderValidity: Validity?,
    _ newer: [Value], _ newerValidity: Validity?
  ) -> ([Value], Validity?) {
    var values: [Value] = []
    values.reserveCapacity(count)
    var missing: [Int] = []
    func noteMissing(_ rows: Range<Int>, _ validity: Validity?) {
      guard let validity else { return }
      let start = values.count - rows.count
      for row in rows where !validity[row] { missing.append(start + row - rows.lowerBound) }
    }
    for piece in pieces {
      switch piece {
      case .older(let rows):
        values.append(contentsOf: older[rows])
        noteMissing(rows, olderValidity)
      case .newer(let rows):
        values.append(contentsOf: newer[rows])
        noteMissing(rows, newerValidity)
      case .both(let olderRows, let newerRows):
        guard let newerValidity else {
          values.append(contentsOf: newer[newerRows])
          continue
        }
        for (a, b) in zip(olderRows, newerRows) {
          if newerValidity[b] {
            values.append(newer[b])
          } else {
            if let olderValidity, !olderValidity[a] { missing.append(values.count) }
            values.append(older[a])
          }
        }
      }
    }
    if missing.isEmpty { return (values, nil) }
    var validity = Validity(count: values.count)
    for row in missing { validity[row] = false }
    return (values, validity)
  }
}

extension ColumnBatch {
  /// Only the rows that `keep` says.
  func filtered(_ keep: [Bool]) -> ColumnBatch {
    if keep.allSatisfy({ $0 }) { return self }
    let rows = keep.indices.filter { keep[$0] }
    return ColumnBatch(
      timestamps: rows.map { timestamps[$0] }, columns: columns.map { $0.picked(rows) })
  }

  /// Without the rows that have no value in any column.
  var withoutEmptyRows: ColumnBatch {
    var words = [UInt64](repeating: 0, count: (rowCount + 63) / 64)
    for column in columns {
      guard let validity = column.validity else { return self }
      for (index, word) in validity.words.enumerated() { words[index] |= word }
    }
    let some = Validity(words: words, count: rowCount)
    return some.presentCount == rowCount ? self : filtered(timestamps.indices.map { some[$0] })
  }
}

extension Column {
  /// Whether no row has a value.
  fileprivate var isEmpty: Bool { validity?.words.allSatisfy { $0 == 0 } ?? (count == 0) }

  /// The rows of these numbers.
  func picked(_ rows: [Int]) -> Column {
    let picked: ColumnValues =
      switch values {
      case .float(let values): .float(rows.map { values[$0] })
      case .integer(let values): .integer(rows.map { values[$0] })
      case .unsigned(let values): .unsigned(rows.map { values[$0] })
      case .boolean(let values): .boolean(rows.map { values[$0] })
      case .string(let values): .string(rows.map { values[$0] })
      }
    guard let validity else { return Column(picked) }
    var result = Validity(repeating: false, count: rows.count)
    for (index, row) in rows.enumerated() where validity[row] { result[index] = true }
    return Column(picked, validity: result.presentCount == rows.count ? nil : result)
  }
}

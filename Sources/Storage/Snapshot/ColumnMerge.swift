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
    var timestamps: [Timestamp] = []
    timestamps.reserveCapacity(older.rowCount + newer.rowCount)
    // For each row where it comes from; -1 where a side does not have it.
    var olderRows: [Int32] = []
    var newerRows: [Int32] = []
    var (i, j) = (0, 0)
    while i < older.rowCount || j < newer.rowCount {
      let a = i < older.rowCount ? older.timestamps[i] : .max
      let b = j < newer.rowCount ? newer.timestamps[j] : .max
      let hasOlder = i < older.rowCount && (a <= b || j == newer.rowCount)
      let hasNewer = j < newer.rowCount && (b <= a || i == older.rowCount)
      timestamps.append(hasOlder ? a : b)
      olderRows.append(hasOlder ? Int32(i) : -1)
      newerRows.append(hasNewer ? Int32(j) : -1)
      if hasOlder { i += 1 }
      if hasNewer { j += 1 }
    }
    let columns = zip(older.columns, newer.columns).map { column(olderRows, $0, newerRows, $1) }
    return ColumnBatch(timestamps: timestamps, columns: columns)
  }

  private static func column(
    _ olderRows: [Int32], _ older: Column, _ newerRows: [Int32], _ newer: Column
  ) -> Column {
    let count = olderRows.count
    switch (older.values, newer.values) {
    case (.float(let a), .float(let b)):
      let (values, validity) = pick(olderRows, a, older, newerRows, b, newer, absent: 0)
      return Column(.float(values), validity: validity)
    case (.integer(let a), .integer(let b)):
      let (values, validity) = pick(olderRows, a, older, newerRows, b, newer, absent: 0)
      return Column(.integer(values), validity: validity)
    case (.unsigned(let a), .unsigned(let b)):
      let (values, validity) = pick(olderRows, a, older, newerRows, b, newer, absent: 0)
      return Column(.unsigned(values), validity: validity)
    case (.boolean(let a), .boolean(let b)):
      let (values, validity) = pick(olderRows, a, older, newerRows, b, newer, absent: false)
      return Column(.boolean(values), validity: validity)
    case (.string(let a), .string(let b)):
      let (values, validity) = pick(olderRows, a, older, newerRows, b, newer, absent: "")
      return Column(.string(values), validity: validity)
    default:
      // The reader gives every column the type of the scan, so this is not met.
      return Column(nulls: count, type: newer.type)
    }
  }

  @inline(__always)
  private static func pick<Value>(
    _ olderRows: [Int32], _ olderValues: [Value], _ older: Column,
    _ newerRows: [Int32], _ newerValues: [Value], _ newer: Column, absent: Value
  ) -> ([Value], Validity?) {
    var values: [Value] = []
    values.reserveCapacity(olderRows.count)
    var missing: [Int] = []
    for row in olderRows.indices {
      let (a, b) = (Int(olderRows[row]), Int(newerRows[row]))
      if b >= 0, newer.isPresent(b) {
        values.append(newerValues[b])
      } else if a >= 0, older.isPresent(a) {
        values.append(olderValues[a])
      } else {
        values.append(absent)
        missing.append(row)
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
    if columns.contains(where: { $0.validity == nil }) { return self }
    return filtered(
      timestamps.indices.map { row in columns.contains { $0.isPresent(row) } })
  }
}

extension Column {
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

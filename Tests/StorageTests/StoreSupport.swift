import SystemPackage
import TimeSeries

@testable import Storage

/// A point as tests write it.
struct TestPoint {
  var key: String
  var time: Timestamp
  var fields: [(String, FieldValue)]

  init(_ key: String, _ time: Timestamp, _ fields: [(String, FieldValue)]) {
    self.key = key
    self.time = time
    self.fields = fields
  }
}

extension PointBatch {
  init(_ points: [TestPoint]) {
    self.init()
    for (number, point) in points.enumerated() {
      beginPoint(
        series: internSeries(Array(point.key.utf8)), timestamp: point.time,
        line: UInt32(number + 1))
      for (name, value) in point.fields { append(field: internField(name), value) }
    }
  }
}

extension StorageOptions {
  /// Nothing happens on threads of the store's own.
  static func deterministic(
    sync: SyncPolicy = .always, memtableLimit: Int = 1 << 30, blockRows: Int = 8192
  ) -> StorageOptions {
    var options = StorageOptions(syncPolicy: sync, memtableLimit: memtableLimit, now: { 0 })
    options.usesBackgroundThreads = false
    options.blockRows = blockRows
    return options
  }
}

extension DatabaseStore {
  /// Compacts until nothing is due; false if something failed and would be tried again.
  func compactWhatIsDue(isStopping: @escaping () -> Bool = { false }) -> Bool {
    while true {
      switch compactOnce(isStopping: isStopping) {
      case .again: continue
      case .done: return true
      case .later: return false
      }
    }
  }
}

/// One value of a database: what a model and a store are compared by.
struct Cell: Hashable, Comparable, CustomStringConvertible {
  var key: String
  var field: String
  var time: Timestamp

  var description: String { "\(key) \(field) \(time)" }

  static func < (a: Cell, b: Cell) -> Bool {
    (a.key, a.field, a.time) < (b.key, b.field, b.time)
  }
}

extension DatabaseSnapshot {
  /// Everything in a range, checked on the way for what the protocol promises.
  func cells(
    from: Timestamp = TimestampBounds.earliest, through: Timestamp = TimestampBounds.latest,
    retentionPolicy: String? = nil
  ) throws -> [Cell: FieldValue] {
    var cells: [Cell: FieldValue] = [:]
    for measurement in measurements {
      let fields = schema(of: measurement)?.fields ?? []
      for series in series(of: measurement, matching: nil) {
        var last: Timestamp?
        for block in try blocks(
          of: series.id, fields: fields.map(\.name), from: from, through: through,
          retentionPolicy: retentionPolicy)
        {
          let batch = try block.read()
          try check(block, batch, fields, from: from, through: through, after: last)
          last = batch.timestamps.last ?? last
          for (field, column) in zip(fields, batch.columns) {
            for (row, time) in batch.timestamps.enumerated() {
              if let value = column[row] {
                cells[Cell(key: series.key.description, field: field.name, time: time)] = value
              }
            }
          }
        }
      }
    }
    return cells
  }

  private func check(
    _ block: any SeriesBlock, _ batch: ColumnBatch, _ fields: [MeasurementSchema.Field],
    from: Timestamp, through: Timestamp, after last: Timestamp?
  ) throws {
    func require(_ condition: Bool, _ what: String) throws {
      if !condition { throw ContractBroken(what: what) }
    }
    try require(batch.columns.count == fields.count, "a column for each field")
    try require(batch.rowCount <= block.rowCount, "at most rowCount rows")
    var previous = last
    for time in batch.timestamps {
      try require(previous.map { $0 < time } ?? true, "times ascend over blocks")
      try require(time >= from && time <= through, "times are in the scan's range")
      try require(block.timeRange.contains(time), "times are in the block's range")
      previous = time
    }
    for row in batch.timestamps.indices {
      try require(batch.columns.contains { $0.isPresent(row) }, "no row is empty")
    }
    for (index, column) in batch.columns.enumerated() {
      try require(column.type == fields[index].type, "columns have the field's type")
      try require(column.count == batch.rowCount, "columns are as long as the times")
      let found = ColumnStatistics(of: column, timestamps: batch.timestamps)
      if !block.mayContain(field: index) { try require(found == nil, "mayContain is sure") }
      if let statistics = block.statistics(ofField: index) {
        try require(
          found.map { $0.isIdentical(to: statistics) } ?? false, "statistics are of the rows")
      }
    }
  }
}

struct ContractBroken: Error {
  var what: String
}

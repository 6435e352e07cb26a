import TimeSeries

/// Makes full blocks of a series' rows, which come in pieces of any size.
struct BlockFiller {
  private let fields: [MeasurementSchema.Field]
  private let blockRows: Int
  private var pieces: [ColumnBatch] = []
  private var rowCount = 0

  init(fields: [MeasurementSchema.Field], blockRows: Int) {
    self.fields = fields
    self.blockRows = BlockSize.rows(atMost: blockRows, columns: fields.count)
  }

  /// Takes rows behind those it has; hands on what fills blocks.
  mutating func add(_ batch: ColumnBatch, to writer: inout SegmentWriter) throws {
    if batch.rowCount == 0 { return }
    pieces.append(batch)
    rowCount += batch.rowCount
    if rowCount >= blockRows { try write(rowCount - rowCount % blockRows, to: &writer) }
  }

  /// Hands on what is left.
  mutating func finish(_ writer: inout SegmentWriter) throws {
    if rowCount > 0 { try write(rowCount, to: &writer) }
  }

  private mutating func write(_ count: Int, to writer: inout SegmentWriter) throws {
    let all = pieces.count == 1 ? pieces[0] : ColumnBatch(joining: pieces, fields: fields)
    try writer.append(
      SegmentBlock(
        timestamps: count == all.rowCount ? all.timestamps : Array(all.timestamps[..<count]),
        fields: zip(fields, all.columns).map { ($0.name, $1.rows(0..<count)) }))
    rowCount = all.rowCount - count
    let rest = count..<all.rowCount
    pieces =
      rest.isEmpty
      ? []
      : [
        ColumnBatch(
          timestamps: Array(all.timestamps[rest]), columns: all.columns.map { $0.rows(rest) })
      ]
  }
}

extension ColumnBatch {
  /// The rows of several batches one after another.
  fileprivate init(joining batches: [ColumnBatch], fields: [MeasurementSchema.Field]) {
    self.init(
      timestamps: Array(batches.map(\.timestamps).joined()),
      columns: fields.indices.map { index in
        Column(joining: batches.map { $0.columns[index] }, type: fields[index].type)
      })
  }
}

extension Column {
  /// Columns of `type` one after another.
  fileprivate init(joining columns: [Column], type: FieldType) {
    var joined = ColumnValues(type)
    for column in columns { joined.append(column.values) }
    var validity: Validity?
    if columns.contains(where: { $0.validity != nil }) {
      var all = Validity(repeating: true, count: joined.count)
      var start = 0
      for column in columns {
        if let known = column.validity {
          for row in 0..<known.count where !known[row] { all[start + row] = false }
        }
        start += column.count
      }
      validity = all
    }
    self.init(joined, validity: validity)
  }
}

extension ColumnValues {
  /// - Precondition: both are of one type, as all columns of a field in a scan are.
  fileprivate mutating func append(_ more: ColumnValues) {
    switch (self, more) {
    case (.float(var values), .float(let more)):
      self = .float([])
      values += more
      self = .float(values)
    case (.integer(var values), .integer(let more)):
      self = .integer([])
      values += more
      self = .integer(values)
    case (.unsigned(var values), .unsigned(let more)):
      self = .unsigned([])
      values += more
      self = .unsigned(values)
    case (.boolean(var values), .boolean(let more)):
      self = .boolean([])
      values += more
      self = .boolean(values)
    case (.string(var values), .string(let more)):
      self = .string([])
      values += more
      self = .string(values)
    default: preconditionFailure("columns of different types")
    }
  }
}

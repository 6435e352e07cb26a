import Query
import TimeSeries

/// The cells of some rows as JSON, made column by column: a result lies in columns and JSON in rows,
/// and to ask each cell for its type and its array costs more than to write it.
struct JSONCells {
  /// Few enough that the cells of a block stay in the cache until they are copied.
  static let rowsOfABlock = 256

  private var bytes: [UInt8] = []
  /// Where each cell ends, all rows of the first column before those of the second.
  private var ends: [Int] = []
  private var rowCount = 0
  private var timeWriter = RFC3339Writer()

  mutating func render(
    _ series: ResultSeries, rows: Range<Int>, timeFormat: ResultTimeFormat
  ) {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    rowCount = rows.count
    if timeWriter.zone != series.zone { timeWriter = RFC3339Writer(zone: series.zone) }
    for (index, column) in series.columns.enumerated() {
      switch column.values {
      case .integer(let times) where index == 0 && series.hasTime:
        render(times, column.validity, rows) { cells, time in
          cells.append(time: time, timeFormat: timeFormat)
        }
      case .integer(let values):
        render(values, column.validity, rows) { DecimalText.append($1, to: &$0.bytes) }
      case .unsigned(let values):
        render(values, column.validity, rows) { DecimalText.append($1, to: &$0.bytes) }
      case .float(let values):
        render(values, column.validity, rows) { DecimalText.appendJSON($1, to: &$0.bytes) }
      case .boolean(let values):
        render(values, column.validity, rows) {
          $0.append($1 ? "true" : "false")
        }
      case .string(let values):
        render(values, column.validity, rows) { JSONText.append($1, to: &$0.bytes) }
      }
    }
  }

  /// Appends a cell of the rows rendered last; `row` counts from their first.
  func append(column: Int, row: Int, to output: inout [UInt8]) {
    let index = column * rowCount + row
    let start = index == 0 ? 0 : ends[index - 1]
    let end = ends[index]
    bytes.withUnsafeBufferPointer {
      output.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start..<end]))
    }
  }

  @inline(__always)
  private mutating func render<Value>(
    _ values: [Value], _ validity: Validity?, _ rows: Range<Int>,
    _ append: (inout Self, Value) -> Void
  ) {
    for row in rows {
      if let validity, !validity[row] {
        self.append("null")
      } else {
        append(&self, values[row])
      }
      ends.append(bytes.count)
    }
  }

  @inline(__always)
  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func append(time: Timestamp, timeFormat: ResultTimeFormat) {
    switch timeFormat {
    case .epoch(let precision): DecimalText.append(precision.units(in: time), to: &bytes)
    case .rfc3339:
      bytes.append(UInt8(ascii: "\""))
      timeWriter.append(time, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
  }
}

import TimeSeries

/// Hands out a workload's rows in batches, as line protocol or as points; the same rows either way.
public struct WorkloadStream: Sendable {
  public static let linesPerBatch = 10_000

  public private(set) var workload: any Workload
  public private(set) var rowsMade = 0

  private let linesPerBatch: Int
  private let keys: [[UInt8]]
  /// `measurement,tag=value… ` as a client writes it.
  private let lineStarts: [[UInt8]]
  /// `name=`, with a comma before it from the second on.
  private let fieldStarts: [[UInt8]]
  private var values: [Int64]

  public init(_ workload: any Workload, linesPerBatch: Int = linesPerBatch) {
    self.workload = workload
    self.linesPerBatch = linesPerBatch
    keys = workload.series.map {
      SeriesKey(measurement: workload.measurement, tags: $0).canonical
    }
    lineStarts = workload.series.map { tags in
      var bytes: [UInt8] = []
      SeriesKey.appendEscaped(workload.measurement, inMeasurement: true, to: &bytes)
      for tag in tags {
        bytes.append(UInt8(ascii: ","))
        SeriesKey.appendEscaped(tag.key, inMeasurement: false, to: &bytes)
        bytes.append(UInt8(ascii: "="))
        SeriesKey.appendEscaped(tag.value, inMeasurement: false, to: &bytes)
      }
      bytes.append(UInt8(ascii: " "))
      return bytes
    }
    fieldStarts = workload.fields.enumerated().map { index, field in
      Array(((index == 0 ? "" : ",") + field.name + "=").utf8)
    }
    values = [Int64](repeating: 0, count: workload.fields.count)
  }

  /// The next batch's line protocol in place of what `bytes` held.
  ///
  /// - Returns: its lines; 0 at the end.
  public mutating func nextLines(into bytes: inout [UInt8]) -> Int {
    bytes.removeAll(keepingCapacity: true)
    let (fields, lineStarts, fieldStarts) = (workload.fields, lineStarts, fieldStarts)
    return nextRows { series, timestamp, values in
      bytes.append(contentsOf: lineStarts[series])
      for (index, value) in values.enumerated() {
        bytes.append(contentsOf: fieldStarts[index])
        switch fields[index].kind {
        case .integer:
          DecimalText.append(value, to: &bytes)
          bytes.append(UInt8(ascii: "i"))
        case .thousandths: DecimalText.append(thousandths: value, to: &bytes)
        }
      }
      bytes.append(UInt8(ascii: " "))
      DecimalText.append(timestamp, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  /// The next batch as points; nil at the end.
  public mutating func nextPoints() -> PointBatch? {
    var batch = PointBatch()
    batch.reserve(
      points: linesPerBatch, fields: linesPerBatch * values.count,
      text: keys.reduce(0) { $0 + $1.count })
    let (fields, keys) = (workload.fields, keys)
    let names = fields.map { batch.internField($0.name) }
    let count = nextRows { series, timestamp, values in
      batch.beginPoint(series: batch.internSeries(keys[series]), timestamp: timestamp)
      for (index, value) in values.enumerated() {
        switch fields[index].kind {
        case .integer:
          batch.append(
            PointBatch.Field(
              name: names[index], type: .integer, bits: UInt64(bitPattern: value)))
        case .thousandths: batch.append(field: names[index], float: Double(value) / 1000)
        }
      }
    }
    return count == 0 ? nil : batch
  }

  private mutating func nextRows(
    _ body: (_ series: Int, _ timestamp: Timestamp, _ values: [Int64]) -> Void
  ) -> Int {
    let seriesCount = keys.count
    let count = min(linesPerBatch, workload.lineCount - rowsMade)
    for row in rowsMade..<rowsMade + count {
      let (step, series) = row.quotientAndRemainder(dividingBy: seriesCount)
      workload.sample(series: series, step: step, into: &values)
      body(series, workload.start + Int64(step) * workload.interval, values)
    }
    rowsMade += count
    return count
  }
}

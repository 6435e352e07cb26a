import Testing
import TimeSeries

@Suite struct PointBatchTests {
  @Test func internsEachTextOnce() {
    var batch = PointBatch()
    let names = (0..<1000).map { "field\($0 % 100)" }
    let indices = names.map { batch.internField($0) }
    #expect(batch.fieldNames.count == 100)
    for (name, index) in zip(names, indices) {
      #expect(batch.string(batch.fieldNames[Int(index)]) == name)
    }
  }

  @Test func keepsValuesOfEveryType() {
    var batch = PointBatch()
    let series = batch.internSeries(SeriesKey(measurement: "m").canonical)
    let values: [FieldValue] = [
      .float(-0.0), .float(.infinity), .integer(.min), .unsigned(.max), .boolean(true),
      .boolean(false), .string(""), .string("naïve"),
    ]
    batch.beginPoint(series: series, timestamp: 5, line: 3)
    for (index, value) in values.enumerated() {
      batch.append(field: batch.internField("f\(index)"), value)
    }
    let point = batch.points[0]
    #expect(point.fieldCount == 8)
    let read = batch.fields[Int(point.firstField)...].prefix(Int(point.fieldCount))
      .map { batch.value(of: $0) }
    #expect(read == values)
    guard case .float(let zero) = read[0] else { return #expect(Bool(false)) }
    #expect(zero.sign == .minus)
  }

  @Test func discardingTakesBackOnlyTheLastPoint() {
    var batch = PointBatch()
    let series = batch.internSeries(SeriesKey(measurement: "m").canonical)
    let field = batch.internField("x")
    for time in 0..<3 {
      batch.beginPoint(series: series, timestamp: Int64(time))
      batch.append(field: field, float: Double(time))
      batch.append(field: field, float: Double(time))
    }
    batch.discardLastPoint()
    #expect(batch.points.map(\.timestamp) == [0, 1])
    #expect(batch.fields.count == 4)
  }
}

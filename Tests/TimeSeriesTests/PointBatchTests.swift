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

  @Test func namesAndKeysAreInternedOnceHoweverTheyComeIn() {
    var batch = PointBatch()
    let key = SeriesKey(measurement: "m", tags: [Tag(key: "a", value: "b")]).canonical
    let first = batch.internSeries(key)
    #expect(batch.internSeries(key[...]) == first)
    #expect(key.withUnsafeBytes { batch.internSeries($0) } == first)
    #expect(batch.internSeries(Array("m,a=c".utf8)) == first + 1)
    let field = batch.internField("usage")
    #expect(batch.internField(Array("usage".utf8)) == field)
    // Not contiguous.
    #expect(batch.internField("xusage".utf8.lazy.filter { $0 != UInt8(ascii: "x") }) == field)
    #expect(batch.internField("") == field + 1)
    #expect(batch.internField("") == field + 1)
    #expect(batch.seriesKeys.map { batch.string($0) } == ["m,a=b", "m,a=c"])
    #expect(batch.fieldNames.map { batch.string($0) } == ["usage", ""])
  }

  @Test func manyNamesStayApartWhileTheTableGrows() {
    var batch = PointBatch()
    let names = (0..<5000).map { String(repeating: "x", count: $0 % 40) + "\($0)" }
    #expect(names.map { batch.internField($0) } == Array(0..<5000))
    #expect(names.reversed().map { batch.internField($0) } == (0..<5000).reversed())
    #expect(batch.fieldNames.map { batch.string($0) } == names)
  }

  @Test func aPointAddedAtOnceEqualsOneAddedFieldByField() {
    var one = PointBatch()
    var other = PointBatch()
    for round in 0..<3 {
      let series = one.internSeries(Array("m".utf8))
      let name = one.internField("f")
      one.beginPoint(series: series, timestamp: 7, line: 3)
      one.append(field: name, .integer(Int64(round)))
      one.append(field: name, float: 0.5)

      _ = other.internSeries(Array("m".utf8))
      _ = other.internField("f")
      let fields = [
        PointBatch.Field(name: name, type: .integer, bits: UInt64(round)),
        PointBatch.Field(name: name, type: .float, bits: 0.5.bitPattern),
      ]
      fields.withUnsafeBufferPointer {
        other.appendPoint(series: series, timestamp: 7, line: 3, fields: $0)
      }
    }
    #expect(one.points == other.points)
    #expect(one.fields == other.fields)
  }
}

struct TextTableTests {
  @Test func hashesDependOnEveryByteAndTheLength() {
    var hashes: Set<UInt64> = []
    var count = 0
    for length in 0...40 {
      let zeros = [UInt8](repeating: 0, count: length)
      hashes.insert(TextTable.hash(zeros))
      count += 1
      for position in 0..<length {
        var bytes = zeros
        bytes[position] = 1
        hashes.insert(TextTable.hash(bytes))
        count += 1
      }
    }
    #expect(hashes.count == count)
  }

  @Test func theHashOfSomeBytesIsTheSameWhereverTheyLie() {
    let bytes = (0..<64).map { UInt8($0) }
    for start in 0..<20 {
      let copy = Array(bytes[start..<start + 37])
      #expect(TextTable.hash(bytes[start..<start + 37]) == TextTable.hash(copy))
      #expect(TextTable.hash(copy.lazy.map { $0 }) == TextTable.hash(copy))
    }
  }

  @Test func entriesUnderOneHashAreToldApartByTheOwner() {
    var table = TextTable()
    for index in 0..<100 as Range<UInt32> { table.insert(7, index) }
    #expect(table.find(7, where: { $0 == 63 }) == 63)
    #expect(table.find(7, where: { _ in false }) == nil)
    #expect(table.find(8, where: { _ in true }) == nil)
    table.removeAll()
    #expect(table.count == 0)
    #expect(table.find(7, where: { _ in true }) == nil)
  }
}

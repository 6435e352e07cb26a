import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Storage

@Suite struct SegmentPropertyTests {
  /// A column of random type and content; about a third have nulls, some only nulls.
  static func column(_ type: FieldType, _ count: Int, _ generator: inout SeededGenerator) -> Column
  {
    let special: [Double] = [0, -0.0, .nan, .infinity, -.infinity, 1.5, .leastNonzeroMagnitude]
    let kind = Int.random(in: 0..<4, using: &generator)
    func bits() -> UInt64 { generator.next() >> UInt64(kind * 15) }
    var values: ColumnValues
    switch type {
    case .float:
      values = .float(
        (0..<count).map { _ in
          switch kind {
          case 0: special[Int.random(in: 0..<special.count, using: &generator)]
          case 1: Double(Int.random(in: -50...50, using: &generator)) / 1000
          case 2: Double(bitPattern: generator.next())
          default: 12.5
          }
        })
    case .integer: values = .integer((0..<count).map { _ in Int64(bitPattern: bits()) })
    case .unsigned: values = .unsigned((0..<count).map { _ in bits() })
    case .boolean: values = .boolean((0..<count).map { _ in kind != 0 && bits() & 1 == 0 })
    case .string:
      values = .string(
        (0..<count).map { _ in
          kind == 3
            ? String(repeating: "é", count: Int.random(in: 0...40, using: &generator))
            : "state \(bits() % 5)"
        })
    }
    guard Int.random(in: 0..<3, using: &generator) == 0 else { return Column(values) }
    var validity = Validity(repeating: false, count: count)
    let density = Int.random(in: 0...4, using: &generator)
    for row in 0..<count where Int.random(in: 0..<4, using: &generator) < density {
      validity[row] = true
    }
    func mask<Value>(_ values: [Value], _ empty: Value) -> [Value] {
      values.indices.map { validity[$0] ? values[$0] : empty }
    }
    switch values {
    case .float(let all): values = .float(mask(all, 0))
    case .integer(let all): values = .integer(mask(all, 0))
    case .unsigned(let all): values = .unsigned(mask(all, 0))
    case .boolean(let all): values = .boolean(mask(all, false))
    case .string(let all): values = .string(mask(all, ""))
    }
    return Column(values, validity: validity)
  }

  /// Whether the same rows are there with the same bits.
  static func isIdentical(_ a: Column, _ b: Column) -> Bool {
    a.type == b.type && a.count == b.count
      && (0..<a.count).allSatisfy { row in
        switch (a[row], b[row]) {
        case (let a?, let b?): a.isIdentical(to: b)
        case (nil, nil): true
        default: false
        }
      }
  }

  /// The statistics by the plainest code there is.
  static func bruteForce(_ column: Column, _ timestamps: [Timestamp]) -> ColumnStatistics? {
    let present = (0..<column.count).compactMap { row in column[row].map { (row, $0) } }
    guard let first = present.first, let last = present.last else { return nil }
    func precedes(_ a: FieldValue, _ b: FieldValue) -> Bool {
      switch (a, b) {
      case (.float(let a), .float(let b)): a < b
      case (.integer(let a), .integer(let b)): a < b
      case (.unsigned(let a), .unsigned(let b)): a < b
      case (.boolean(let a), .boolean(let b)): !a && b
      case (.string(let a), .string(let b)): Array(a.utf8).lexicographicallyPrecedes(Array(b.utf8))
      default: false
      }
    }
    var minimum: FieldValue?
    var maximum: FieldValue?
    var sum: FieldValue?
    for (_, value) in present {
      switch (value, sum) {
      case (.float(let value), .float(let total)): sum = .float(total + value)
      case (.float(let value), _): sum = .float(0 + value)
      case (.integer(let value), .integer(let total)): sum = .integer(total &+ value)
      case (.unsigned(let value), .unsigned(let total)): sum = .unsigned(total &+ value)
      case (.integer, _), (.unsigned, _): sum = value
      default: break
      }
      if case .float(let number) = value, number.isNaN { continue }
      if let known = minimum {
        if precedes(value, known) { minimum = value }
      } else {
        minimum = value
      }
      if let known = maximum {
        if precedes(known, value) { maximum = value }
      } else {
        maximum = value
      }
    }
    return ColumnStatistics(
      count: present.count, minimum: minimum ?? .float(.nan), maximum: maximum ?? .float(.nan),
      sum: sum, first: first.1, firstTimestamp: timestamps[first.0], last: last.1,
      lastTimestamp: timestamps[last.0])
  }

  static func series(_ generator: inout SeededGenerator) -> [SeriesInput] {
    var id: UInt32 = 0
    return (0..<Int.random(in: 0...5, using: &generator)).map { number in
      id += UInt32.random(in: 1...1000, using: &generator)
      var time = Int64.random(in: -1000...1000, using: &generator) * 1_000_000_000
      let blocks = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        let rows = Int.random(in: 0...300, using: &generator)
        let isRegular = generator.next() & 1 == 0
        let timestamps = (0..<rows).map { _ in
          time += isRegular ? 1_000_000_000 : Int64.random(in: 1...5_000_000_000, using: &generator)
          return time
        }
        let fields = FieldType.allCases.shuffled(using: &generator)
          .prefix(Int.random(in: 0...5, using: &generator))
          .map { type in (name: "field \(type)", column: column(type, rows, &generator)) }
        return SegmentBlock(timestamps: timestamps, fields: fields)
      }
      return SeriesInput(id: id, key: "measurement,host=node-\(number),zone=a", blocks: blocks)
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func whatIsWrittenIsReadWithTrueStatistics(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let input = Self.series(&generator)
    let blockRows = Int.random(in: 1...200, using: &generator)
    let (bytes, summary) = try segmentBytes(input, blockRows: blockRows)
    let reader = try openSegment(bytes)
    #expect(reader.summary == summary)
    #expect(reader.verify().isEmpty)
    let written = input.filter { series in series.blocks.contains { !$0.timestamps.isEmpty } }
    #expect(reader.seriesIDs.map(\.rawValue) == written.map(\.id))
    #expect(try reader.keys().map(\.1) == written.map { Array($0.key.utf8) })
    for series in written {
      let id = SeriesID(rawValue: series.id)
      #expect(try reader.key(of: id) == Array(series.key.utf8))
      var blocks = reader.blocks(of: id)[...]
      for block in series.blocks {
        for start in stride(from: 0, to: block.timestamps.count, by: blockRows) {
          let rows = start..<min(start + blockRows, block.timestamps.count)
          let next = blocks.popFirst()
          let found = try #require(next)
          let timestamps = Array(block.timestamps[rows])
          #expect(try reader.timestamps(of: found) == timestamps)
          #expect(found.rowCount == rows.count)
          for (name, whole) in block.fields {
            let column = whole.rows(rows)
            let expected = Self.bruteForce(column, timestamps)
            #expect(reader.hasField(name, in: found) == (expected != nil))
            guard let expected else { continue }
            let back = try #require(try reader.column(name, of: found))
            #expect(Self.isIdentical(back, column), "\(name)")
            #expect(reader.type(of: name, in: found) == column.type)
            if let statistics = reader.statistics(of: name, in: found) {
              #expect(Self.isSame(statistics, expected), "\(statistics) \(expected)")
            } else {
              #expect(column.type == .string)
            }
          }
        }
      }
      #expect(blocks.isEmpty)
    }
  }

  /// As ``ColumnStatistics/isIdentical(to:)``; which NaN a sum of floats is the processor decides.
  static func isSame(_ a: ColumnStatistics, _ b: ColumnStatistics) -> Bool {
    var a = a
    var b = b
    if case .float(let x)? = a.sum, case .float(let y)? = b.sum, x.isNaN, y.isNaN {
      a.sum = nil
      b.sum = nil
    }
    return a.isIdentical(to: b)
  }
}

import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// Columns made of memtable rows, compared with the values point by point.
@Suite struct MemtableRowsTests {
  private static let types: [FieldType] = [.float, .integer, .unsigned, .boolean, .string]

  private struct Model {
    var fields: [MemtableField]
    /// By time, then by field.
    var values: [Timestamp: [Int: FieldValue]] = [:]

    /// The rows that have a time within a range, as columns of some of the fields.
    func batch(_ times: ClosedRange<Timestamp>, _ selected: [Int?]) -> [[FieldValue?]] {
      let rows = values.keys.filter(times.contains).sorted()
      return selected.map { field in rows.map { row in field.flatMap { values[row]?[$0] } } }
    }
  }

  /// Rows of one series whose points have fields at random, of up to `layoutCount` kinds.
  private func fill(
    _ generator: inout SeededGenerator, layoutCount: Int
  ) throws -> (Model, [MemtableSeries], [TextArena]) {
    let fields = (0..<12).map { MemtableField(id: UInt32($0 * 3), type: Self.types[$0 % 5]) }
    var model = Model(fields: fields)
    let layouts = (0..<layoutCount).map { _ -> (MemtableLayout, [Int]) in
      var numbers = fields.indices.filter { _ in generator.next(below: 3) == 0 }
      if numbers.isEmpty { numbers = [generator.next(below: fields.count)] }
      return (
        MemtableLayout(
          fieldIDs: numbers.compactMap { fields[$0].id }, types: numbers.map { fields[$0].type }),
        numbers
      )
    }
    var all: [MemtableSeries] = []
    var arenas: [TextArena] = []
    for _ in 0..<2 {
      let series = MemtableSeries()
      let arena = TextArena()
      for _ in 0..<generator.next(below: 60) {
        let (layout, numbers) = generator.pick(layouts)
        let time = Timestamp(generator.next(below: 80))
        var bytes = 0
        let chunk = series.chunk(for: layout, bytes: &bytes)
        var next = chunk.end
        next.pointee = UInt64(bitPattern: time)
        next += 1
        if chunk.hasOrder {
          next.pointee = series.nextOrder
          next += 1
        }
        for number in numbers {
          let (cell, value) = Self.cell(fields[number].type, &generator, arena)
          next.pointee = cell
          next += 1
          model.values[time, default: [:]][number] = value
        }
        chunk.commit(rows: 1, minimumTime: time, maximumTime: time)
        series.advance(by: 1)
      }
      all.append(series)
      arenas.append(arena)
    }
    return (model, all, arenas)
  }

  private static func cell(
    _ type: FieldType, _ generator: inout SeededGenerator, _ arena: TextArena
  ) -> (UInt64, FieldValue) {
    let number = generator.next()
    switch type {
    case .float:
      let value = Double(number >> 11)
      return (value.bitPattern, .float(value))
    case .integer: return (number, .integer(Int64(bitPattern: number)))
    case .unsigned: return (number, .unsigned(number))
    case .boolean: return (number & 1, .boolean(number & 1 == 1))
    case .string:
      let text = String(number % 1000)
      return (Array(text.utf8).withUnsafeBytes { arena.store($0) }, .string(text))
    }
  }

  @Test(arguments: [1, 2, 7, 40]) func batchesHaveTheLatestValueOfEachFieldAndTime(
    layoutCount: Int
  ) throws {
    var generator = SeededGenerator(seed: UInt64(layoutCount))
    for _ in 0..<60 {
      let (model, series, arenas) = try fill(&generator, layoutCount: layoutCount)
      // Some fields in any order, one of them perhaps twice, and one that nobody has.
      let selected: [Int?] = (0..<generator.next(below: 15)).map { _ in
        let number = generator.next(below: model.fields.count + 1)
        return number < model.fields.count ? number : nil
      }
      let low = Timestamp(generator.next(below: 40))
      let high = low + Timestamp(generator.next(below: 60))
      var rows = MemtableRows(
        fields: selected.map { field in
          field.map { model.fields[$0] } ?? MemtableField(id: nil, type: .float)
        })
      for (part, arena) in zip(series, arenas) {
        rows.add(part.chunks(in: .max), texts: arena, from: low, through: high)
      }
      rows.finish()
      let batch = rows.batch(rows.rows.indices)
      #expect(batch.timestamps == model.values.keys.filter((low...high).contains).sorted())
      #expect(
        batch.columns.map { column in (0..<column.count).map { column[$0] } }
          == model.batch(low...high, selected))
      for (position, column) in batch.columns.enumerated() where !rows.mayContain(field: position) {
        #expect((0..<column.count).allSatisfy { !column.isPresent($0) })
      }
    }
  }

  @Test func allFieldsAreThoseOfTheRowsByNumber() throws {
    var generator = SeededGenerator(seed: 1)
    for layoutCount in 1...8 {
      let (model, series, arenas) = try fill(&generator, layoutCount: layoutCount)
      var rows = MemtableRows()
      for (part, arena) in zip(series, arenas) {
        rows.add(part.chunks(in: .max), texts: arena, from: .min, through: .max)
      }
      rows.selectAllFields()
      rows.finish()
      let present = Set(model.values.values.flatMap(\.keys)).sorted()
      #expect(rows.fields == present.map { model.fields[$0] })
      let batch = rows.batch(rows.rows.indices)
      #expect(
        batch.columns.map { column in (0..<column.count).map { column[$0] } }
          == model.batch(.min ... .max, present))
    }
  }
}

import TestSupport
import Testing
import TimeSeries

@testable import Storage

@Suite struct ColumnMergeTests {
  private static func batch(_ generator: inout SeededGenerator) -> ColumnBatch {
    let start = Int64.random(in: 0...60, using: &generator)
    // Dense batches share many times with others, sparse ones few.
    let share = Int.random(in: 1...4, using: &generator)
    let times = (start..<start + 60).filter { _ in
      Int.random(in: 0..<share, using: &generator) == 0
    }
    var validity = Validity(count: times.count)
    for row in times.indices where Int.random(in: 0..<3, using: &generator) == 0 {
      validity[row] = false
    }
    let values = times.indices.map { row -> Int64 in
      validity[row] ? Int64.random(in: 1...9, using: &generator) : 0
    }
    let isFull = Bool.random(using: &generator)
    return ColumnBatch(
      timestamps: times,
      columns: [
        Column(.integer(values), validity: isFull ? nil : validity),
        Column(.string(values.map { "\($0)" }), validity: nil),
      ])
  }

  /// Times in order, each once, with the newest value that any batch has for each.
  @Test(arguments: UInt64(1)...40)
  func theNewestValueOfEachTimeStands(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 2...5, using: &generator)
    let batches = (0..<count).map { _ in Self.batch(&generator) }
    var expected: [Timestamp: [FieldValue?]] = [:]
    for batch in batches {
      for (row, time) in batch.timestamps.enumerated() {
        for (index, column) in batch.columns.enumerated() {
          expected[time, default: [nil, nil]][index] =
            column[row] ?? expected[time, default: [nil, nil]][index]
        }
      }
    }
    guard !expected.isEmpty else { return }
    let merged = try #require(ColumnMerge.merge(batches))
    #expect(merged.timestamps == expected.keys.sorted(), "seed \(seed)")
    for (row, time) in merged.timestamps.enumerated() {
      #expect(merged.columns.map { $0[row] } == expected[time], "seed \(seed), time \(time)")
    }
  }
}

import TestSupport
import Testing
import TimeSeries

@testable import Query

@Suite struct RankSelectionTests {
  /// Orders that make simple choices of pivots go wrong, and few distinct values.
  static func arrays(_ random: inout SeededGenerator) -> [[Int64]] {
    let count = Int.random(in: 1...700, using: &random)
    let numbers = (0..<count).map { _ in Int64.random(in: -1000...1000, using: &random) }
    return [
      numbers, numbers.sorted(), numbers.sorted(by: >), numbers.map { $0 & 3 },
      numbers.map { _ in 7 }, (0..<count).map { Int64(min($0, count - $0)) },
      (0..<count).map { Int64($0 & 1 == 0 ? $0 : -$0) },
    ]
  }

  @Test(arguments: UInt64(1)...12)
  func findsWhatSortingPutsThere(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for values in Self.arrays(&random) {
      let sorted = values.sorted()
      for rank in Set([0, values.count - 1, values.count / 2, values.count * 99 / 100]) {
        var scratch = values
        #expect(RankSelection.value(at: rank, of: &scratch) == sorted[rank], "seed \(seed)")
        #expect(scratch.sorted() == sorted, "seed \(seed): values were lost")
      }
    }
  }

  /// Of equal values the earlier row has the lower rank, with and without rows left out, and also
  /// where NaN spoils the order.
  @Test(arguments: UInt64(1)...12)
  func rowsOfEqualValueStandInRowOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 2...200, using: &random)
    var values = (0..<count).map { _ in Double(Int.random(in: -3...3, using: &random)) * 0 }
    for row in values.indices where Bool.random(using: &random) { values[row] = Double(row % 5) }
    if seed % 3 == 0 { values[count / 2] = -0.0 }
    if seed % 4 == 0 { values[count - 1] = .nan }
    let rows = (0..<count).filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
    guard !rows.isEmpty else { return }
    for present in [nil, rows] {
      let all = present ?? Array(0..<count)
      let places = all.count / 3..<all.count
      // What a stable sort gives.
      let order = all[places].sorted {
        values[$0] < values[$1] || (!(values[$1] < values[$0]) && $0 < $1)
      }
      let ranked = RankedRows(Column(.float(values)), present: present)
      for rank in order.indices {
        #expect(ranked.row(at: rank, of: places) == order[rank], "seed \(seed), rank \(rank)")
      }
    }
  }
}

import Testing
import TimeSeries

@testable import Vigil

@Suite struct DriftTests {
  static let interval: Int64 = 10

  private func rows(_ losses: [Double], from first: Int64 = 0, unit: Double = 2) -> Drift {
    Drift(
      losses, at: losses.indices.map { first + Int64($0) * Self.interval }, validationLoss: unit)
  }

  private func sum(_ parts: [Drift]) -> Drift {
    parts.reduce(into: Drift()) { $0.add($1, interval: Self.interval) }
  }

  @Test func isTheMeanOfTheFirstRows() throws {
    #expect(Drift().ratio == nil)
    #expect(rows([.nan, .nan]).ratio == nil)
    let ratio = try #require(rows([.nan, 2, 4, .nan, 6]).ratio)
    #expect(abs(ratio - 2) < 0.001)
  }

  @Test func isTheSameHoweverRowsAreDivided() throws {
    let losses = (0..<600).map { Double($0 % 17) + Double($0) / 50 }
    let whole = try #require(rows(losses).ratio)
    for size in [1, 7, 100] {
      let parts = stride(from: 0, to: losses.count, by: size).map { start in
        rows(
          Array(losses[start..<min(start + size, losses.count)]),
          from: Int64(start) * Self.interval)
      }
      let ratio = try #require(sum(parts).ratio)
      #expect(abs(ratio - whole) < 1e-9 * whole, "\(size)")
    }
  }

  @Test func forgetsWhatIsLongPast() throws {
    var drift = rows(Array(repeating: 2, count: 1000))
    drift.add(
      rows(Array(repeating: 8, count: 1000), from: 10_000), interval: Self.interval)
    let one = try #require(drift.ratio)
    #expect(one > 2.8 && one < 3.4, "about 1 + 3 · e / (1 + e)")
    for part in 2..<8 {
      drift.add(
        rows(Array(repeating: 8, count: 1000), from: Int64(part) * 10_000), interval: Self.interval)
    }
    #expect(try #require(drift.ratio) > 3.99)
  }

  @Test func historyDoesNotCountAndRowsScoredAgainDo() throws {
    let live = rows([2, 2, 2], from: 1_000_000)
    let old = rows([200, 200, 200], from: 1_000_000 - 10_100)
    #expect(try #require(sum([live, old]).ratio) == 1)
    let near = rows([200, 200, 200], from: 1_000_000 - 500)
    #expect(try #require(sum([live, near]).ratio) > 40)
    let again = try #require(sum([rows([2, 4]), rows([4], from: 10)]).ratio)
    #expect(abs(again - 5.0 / 3) < 0.001)
    let extremes = sum([rows([2], from: .max), rows([4], from: .min)])
    #expect(extremes.ratio == 1)
  }

  @Test func nothingFiniteComesFromNothing() {
    #expect(rows([1], unit: 0).ratio == nil)
    #expect(rows([.infinity]).ratio == nil)
    #expect(rows([1e300], unit: 1e-300).ratio == nil)
    #expect(Drift([], at: [], validationLoss: 1).ratio == nil)
  }
}

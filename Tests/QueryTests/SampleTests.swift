import Testing
import TimeSeries

@testable import Query

@Suite struct SampleTests {
  static let second: Int64 = 1_000_000_000

  /// Three hosts with a row a second, each its own value.
  private static func source(rows: Int = 60) -> MemorySource {
    let source = MemorySource(blockSize: 16)
    for row in 0..<rows {
      for host in 0..<3 {
        source.insert(
          SeriesKey(measurement: "m", tags: [Tag(key: "host", value: "\(host)")]),
          Int64(row) * second + Int64(host),
          [
            "v": .float(Double(row * 3 + host)), "n": .integer(Int64(row)),
            "s": .string("x\(row)"), "b": .boolean(row % 2 == 0),
          ])
      }
    }
    return source
  }

  private static func rows(_ query: String) -> [[Answer.Value]] {
    Answer.of(query, source: source()).tables.flatMap(\.rows)
  }

  private static func value(at time: Answer.Value) -> Answer.Value? {
    guard case .integer(let time) = time else { return nil }
    return .number(Double(time / second * 3 + time % second))
  }

  @Test(
    "points are points that are there, in the order of time, as many as asked for",
    arguments: ["", " ORDER BY time DESC", " GROUP BY host", " GROUP BY host ORDER BY time DESC"])
  func realPoints(clause: String) {
    let answer = Answer.of("SELECT sample(v, 7) FROM m" + clause, source: Self.source())
    #expect(answer.tables.count == (clause.contains("host") ? 3 : 1))
    for table in answer.tables {
      #expect(table.columns == ["time", "sample"] && table.rows.count == 7)
      for row in table.rows { #expect(row[1] == Self.value(at: row[0])) }
      let times = table.rows.compactMap { row -> Int64? in
        if case .integer(let time) = row[0] { time } else { nil }
      }
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test("each bucket has its own, with the points' times; later buckets first where time descends")
  func buckets() {
    let query = "SELECT sample(v, 4) FROM m WHERE time >= 0 AND time < 60s GROUP BY time(10s)"
    let ascending = Self.rows(query + " fill(0)")
    #expect(ascending.count == 24)
    for row in ascending { #expect(row[1] == Self.value(at: row[0])) }
    let buckets = stride(from: 0, to: 24, by: 4).map { Array(ascending[$0..<$0 + 4]) }
    #expect(
      Self.rows(query + " ORDER BY time DESC") == buckets.reversed().flatMap(\.self))
    #expect(Self.rows(query + " LIMIT 5") == Array(ascending[..<5]))
  }

  @Test("a query is told the same twice, and other groups and buckets are drawn otherwise")
  func seeds() {
    let twice = Self.rows("SELECT sample(v, 5), sample(v, 5) FROM m")
    #expect(twice.count == 5 && twice.allSatisfy { $0[1] == $0[2] })
    let hosts = Answer.of("SELECT sample(n, 9) FROM m GROUP BY host", source: Self.source())
    #expect(Set(hosts.tables.map { $0.rows.map { $0[1] } }).count == 3)
    let minutes = Self.rows(
      "SELECT sample(n, 9) FROM m WHERE time >= 0 AND time < 60s GROUP BY time(20s)")
    let drawn = stride(from: 0, to: 27, by: 9).map { start in
      minutes[start..<start + 9].map { row -> Int64 in
        if case .integer(let value) = row[1] { value % 20 } else { -1 }
      }
    }
    #expect(Set(drawn).count == 3)
  }

  @Test("every type, other columns of the row, all rows where there are no more")
  func shapes() {
    #expect(
      Self.rows("SELECT sample(s, 2) FROM m WHERE time < 1s").map { $0[1] } == [
        .text("x0"), .text("x0"),
      ])
    #expect(Self.rows("SELECT sample(b, 9) FROM m WHERE time < 2s").count == 6)
    #expect(Self.rows("SELECT sample(n, 500) FROM m").count == 180)
    for row in Self.rows("SELECT sample(v, 9), n, host FROM m") {
      guard case .number(let value) = row[1] else {
        Issue.record("\(row)")
        continue
      }
      #expect(row[2] == .integer(Int64(value) / 3))
      #expect(row[3] == .text("\(Int64(value) % 3)"))
    }
    let all = Answer.of("SELECT sample(*, 1) FROM m", source: Self.source())
    #expect(
      all.tables.first?.columns == ["time", "sample_b", "sample_n", "sample_s", "sample_v"])
  }

  @Test("each element is drawn as often as any other, and each pair")
  func distribution() {
    let (elements, size, rounds) = (10, 3, 20_000)
    var single = [Int](repeating: 0, count: elements)
    var pairs: [[Int]: Int] = [:]
    for seed in 0..<rounds {
      var reservoir = Reservoir(size: size, seed: UInt64(seed))
      let drawn = reservoir.draw(from: Array(0..<elements))
      #expect(Set(drawn).count == size && drawn == drawn.sorted())
      for element in drawn { single[element] += 1 }
      for a in 0..<size { for b in a + 1..<size { pairs[[drawn[a], drawn[b]], default: 0] += 1 } }
    }
    // Six standard deviations of a binomial count: 1 in 10⁹, and the seeds are always the same.
    func isLikely(_ count: Int, _ probability: Double) -> Bool {
      let expected = Double(rounds) * probability
      return abs(Double(count) - expected) < 6 * (expected * (1 - probability)).squareRoot()
    }
    #expect(single.allSatisfy { isLikely($0, 3.0 / 10) }, "\(single)")
    #expect(pairs.count == 45 && pairs.values.allSatisfy { isLikely($0, 6.0 / 90) })
  }

  @Test(
    "mistakes are told in InfluxDB's words",
    arguments: [
      ("v, 0", "sample window must be greater than 1, got 0"),
      ("v, -1", "sample window must be greater than 1, got -1"),
      ("v", "invalid number of arguments for sample, expected 2, got 1"),
      ("v, 1.5", "expected integer argument in sample()"),
      ("mean(v), 2", "expected field argument in sample()"),
    ])
  func mistakes(arguments: String, message: String) {
    #expect(
      Answer.of("SELECT sample(\(arguments)) FROM m", source: Self.source()).error == message)
  }
}

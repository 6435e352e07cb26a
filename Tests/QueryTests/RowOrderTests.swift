import Query
import Testing
import TimeSeries

/// The order of rows that have one time, which docs/query-language.md says; where InfluxDB 1.6.7 has
/// an order, it is that one.
@Suite struct RowOrderTests {
  /// Series `a`, `b`, `c`, …, each with the values given at 10 and at 20.
  private func source(_ values: [(Int, Int)], blockSize: Int = 7) -> MemorySource {
    let source = MemorySource(blockSize: blockSize)
    for (index, pair) in values.enumerated().reversed() {
      let host = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))
      source.insert(line: "m,h=\(host) v=\(pair.0) 10")
      source.insert(line: "m,h=\(host) v=\(pair.1) 20")
    }
    return source
  }

  /// The hosts in column `h`, with the time: `a10`.
  private func rows(_ query: String, _ source: MemorySource) -> String {
    Answer.of(query, source: source).tables.flatMap { table -> [String] in
      let column = table.columns.firstIndex(of: "h")
      return table.rows.map { row in
        guard case .integer(let time) = row[0] else { return "?" }
        guard let column else { return "\(table.tags["h"] ?? "")\(time)" }
        guard case .text(let host) = row[column] else { return "?\(time)" }
        return "\(host)\(time)"
      }
    }.joined(separator: " ")
  }

  private static let ascending = "a10 b10 c10 d10 a20 b20 c20 d20"
  private static let descending = "d20 c20 b20 a20 d10 c10 b10 a10"

  @Test(arguments: [1, 7])
  func rawRows(blockSize: Int) {
    let source = source([(1, 1), (4, 4), (2, 2), (3, 3)], blockSize: blockSize)
    for text in [
      "SELECT v, h FROM m", "SELECT v, h FROM (SELECT v, h FROM m)",
      "SELECT v, h FROM (SELECT v FROM m GROUP BY h)",
      "SELECT s, h FROM (SELECT max(v) AS s FROM m WHERE time < 30 GROUP BY time(10ns), h)",
      "SELECT s, h FROM (SELECT distinct(v) AS s FROM m WHERE time < 30 GROUP BY time(10ns), h)",
    ] {
      #expect(rows(text, source) == Self.ascending, "\(text)")
      #expect(rows(text + " ORDER BY time DESC", source) == Self.descending, "\(text)")
      for limit in 1...7 {
        for offset in [0, 1, 3] {
          let part = " LIMIT \(limit) OFFSET \(offset)"
          func cut(_ all: String) -> String {
            all.split(separator: " ").dropFirst(offset).prefix(limit).joined(separator: " ")
          }
          #expect(rows(text + part, source) == cut(Self.ascending), "\(text)\(part)")
          #expect(
            rows(text + " ORDER BY time DESC" + part, source) == cut(Self.descending),
            "\(text)\(part)")
        }
      }
    }
    #expect(
      rows("SELECT v FROM m GROUP BY h ORDER BY time DESC LIMIT 1", source)
        == "d20 c20 b20 a20")
    #expect(
      rows("SELECT v FROM (SELECT v FROM m GROUP BY h) GROUP BY h ORDER BY time DESC", source)
        == "d20 d10 c20 c10 b20 b10 a20 a10")
  }

  /// The best value of a time first, of equal ones as in any other order.
  @Test func topAndBottom() {
    let source = source([(5, 3), (9, 2), (1, 8), (7, 8)])
    let top = "b10 d10 a10 c10 c20 d20 a20 b20"
    let bottom = "c10 a10 d10 b10 b20 a20 c20 d20"
    #expect(rows("SELECT top(v, 8), h FROM m", source) == top)
    #expect(rows("SELECT bottom(v, 8), h FROM m", source) == bottom)
    #expect(rows("SELECT t, h FROM (SELECT top(v, 8) AS t, h FROM m)", source) == top)
    #expect(rows("SELECT top(v, 4), h FROM m", source) == "b10 d10 c20 d20")
    #expect(rows("SELECT top(v, h, 3) FROM m", source) == "b10 c20 d20")
    let buckets = " FROM m WHERE time < 30 GROUP BY time(10ns)"
    #expect(rows("SELECT top(v, 3), h" + buckets, source) == "b10 d10 a10 c20 d20 a20")
    // Backwards come the buckets, and the series; within a bucket times ascend, as in InfluxDB.
    #expect(
      rows("SELECT top(v, 3), h" + buckets + " ORDER BY time DESC", source)
        == "d20 c20 a20 b10 d10 a10")
    #expect(
      rows("SELECT top(v, 8), h FROM m ORDER BY time DESC", source)
        == "b10 d10 a10 c10 d20 c20 a20 b20")
    #expect(
      rows("SELECT t, h FROM (SELECT top(v, 8) AS t, h FROM m) ORDER BY time DESC", source)
        == "d20 c20 a20 b20 b10 d10 a10 c10")
  }

  @Test func selectorsAmongEqualRows() {
    let source = source([(1, 1), (1, 1), (1, 1)])
    for (call, up, down) in [
      ("max(v)", "a10", "c10"), ("min(v)", "a10", "c10"), ("first(v)", "a10", "a10"),
      ("last(v)", "c20", "c20"), ("top(v, 2)", "a10 b10", "c10 b10"),
    ] {
      #expect(rows("SELECT \(call), h FROM m", source) == up, "\(call)")
      #expect(rows("SELECT \(call), h FROM m ORDER BY time DESC", source) == down, "\(call)")
    }
  }
}

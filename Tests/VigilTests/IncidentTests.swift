import Foundation
import Testing

@testable import Vigil

/// An incident as a client sees it: written, grouped into episodes, its suspects ranked.
@Suite struct IncidentTests {
  @Test func episodesAndSuspectsAreFoundThroughTheDatabase() async throws {
    let minute: Int64 = 60_000_000_000
    let now: Int64 = 28_000_000 * minute
    let temporary = try TemporaryDatabase { $0.clock = { now } }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    var lines: [String] = []
    for (pod, loss) in [("front-0", 40), ("cart-0", 15)] {
      for row in 0..<30 {
        let isAnomaly = row >= 20 && row < 24
        lines.append(
          "health,pod=\(pod) rl=\(isAnomaly ? loss : 2),threshold=10,"
            + "anomaly=\(isAnomaly ? 1 : 0)i,state=\"scored\",share_cpu=0.9,share_mem=0.1 "
            + "\(now - Int64(30 - row) * minute)")
      }
    }
    lines.append("calls,source=front-0,target=cart-0 count=7i \(now - minute)")
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")

    var options = QueryOptions()
    options.readOnly = true
    let results = try await database.query(
      """
      SELECT episodes() FROM health WHERE time > now() - 8m GROUP BY time(1m), pod;
      SHOW SUSPECTS FROM health;
      SHOW SUSPECTS FROM health GRAPH calls
      """, in: "db", options: options)
    #expect(results.compactMap(\.error).isEmpty)
    #expect(results.count == 3)
    let start = now - 10 * minute
    #expect(
      results.first?.series.flatMap(\.rows) == [
        "\(start) \(start + 3 * minute) \(4 * minute) 1.5 \(start) 4 cpu 90 %, mem 10 % false",
        "\(start) \(start + 3 * minute) \(4 * minute) 4.0 \(start) 4 cpu 90 %, mem 10 % false",
      ])
    let ranked = results.dropFirst().map { result in
      result.series.flatMap(\.rows).map { $0.prefix { $0 != "-" } }
    }
    #expect(ranked == [["front", "cart"], ["cart", "front"]])

    #expect(
      results.last?.series.first?.column("first_flagged")?[0]
        == .string(TimestampText.rfc3339(start)))
    try database.close()
  }
}

import TestSupport
import Testing
import Vigil

/// Conditions on time in SHOW, over rows in segments and in memory.
@Suite struct ShowSeriesTimesTests {
  private static let hosts = ["a", "b", "c", "d"]
  private static let policies = ["autogen", "other"]

  /// Times of the rows, by policy and host.
  private typealias Rows = [String: [String: Set<Int64>]]

  @Test func aSeriesIsListedExactlyIfItHasARow() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    let temporary = try TemporaryDatabase()
    try await temporary.database.query(
      "CREATE DATABASE db; CREATE RETENTION POLICY other ON db DURATION INF REPLICATION 1")
    var rows: Rows = [:]
    for _ in 0..<12 {
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: try temporary.reopen()
      case 1:
        let host = generator.pick(Self.hosts)
        let span = Self.span(&generator)
        _ = try await temporary.database.tables(
          "DELETE FROM m WHERE host = '\(host)' AND time >= \(span.lowerBound) "
            + "AND time <= \(span.upperBound)")
        for policy in Self.policies {
          rows[policy]?[host]?.subtract(Set(span))
        }
      default:
        let policy = generator.pick(Self.policies)
        let host = generator.pick(Self.hosts)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          let time = Int64.random(in: 0..<100, using: &generator)
          try temporary.database.write(
            lineProtocol: "m,host=\(host) v=1 \(time)", to: "db", retentionPolicy: policy)
          rows[policy, default: [:]][host, default: []].insert(time)
        }
      }
    }
    for _ in 0..<40 {
      let spans = [Self.span(&generator), Self.span(&generator)]
      let policy = Bool.random(using: &generator) ? generator.pick(Self.policies) : nil
      let condition = spans.map { "(time >= \($0.lowerBound) AND time <= \($0.upperBound))" }
        .joined(separator: " OR ")
      let query =
        "SHOW SERIES FROM \(policy.map { $0 + "." } ?? "")m WHERE \(condition) OR host = 'none'"
      let expected = Self.hosts.filter { host in
        rows.contains { name, hosts in
          (policy == nil || policy == name)
            && (hosts[host] ?? []).contains { time in spans.contains { $0.contains(time) } }
        }
      }
      let found = try await temporary.database.tables(query).flatMap(\.rows)
      #expect(found == expected.map { "m,host=\($0)" }, "\(query), seed \(seed)")
    }
  }

  private static func span(_ generator: inout SeededGenerator) -> ClosedRange<Int64> {
    let first = Int64.random(in: 0..<100, using: &generator)
    return first...(first + Int64.random(in: 0..<12, using: &generator))
  }
}

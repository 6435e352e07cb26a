import Testing
import Vigil

@Suite struct ModelDriftTests {
  @Test func listingTellsWhenRowsNoLongerLookLikeTheTraining() async throws {
    let temporary = try await ModelTests().database()
    let database = temporary.database
    func drift() async throws -> Double? {
      let listing = try #require(try await database.tables("SHOW MODELS ON db").first)
      guard case .float(let value) = listing.column("drift")?[0] else { return nil }
      return value
    }
    _ = try await database.tables(ModelTests.create)
    #expect(try await drift() == nil, "nothing was scored")
    let query = "SELECT rl(shop) FROM container GROUP BY time(10s), pod"
    _ = try await database.tables(query)
    let usual = try #require(try await drift())
    #expect(usual > 0)
    let jumps = (300..<500).flatMap { row in
      ["a", "b"].map { pod in
        "container,pod=\(pod) cpu=\(row % 3 * 20),memory=\(100 + row % 2 * 500)i "
          + "\(row * 10_000_000_000)"
      }
    }.joined(separator: "\n")
    try database.write(lineProtocol: jumps, to: "db")
    _ = try await database.tables(query + " ")
    #expect(try #require(try await drift()) > 2 * usual)
    try temporary.reopen()
    let listing = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("drift")?[0] == nil)
  }
}

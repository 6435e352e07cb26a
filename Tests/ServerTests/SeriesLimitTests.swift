import Foundation
import Testing
import Vigil

@testable import Server

/// The limits on series and fields as a client meets them.
@Suite struct SeriesLimitTests {
  @Test func aClientIsToldDatabaseLimitAndHowMuchWasDropped() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-limit-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    configuration.seriesLimit = 2
    let database = try Database.open(at: directory.path, configuration: configuration)
    try await TestServer.run(database) { client in
      _ = try await client.post("/query?q=CREATE+DATABASE+db", "")
      let first = try await client.post("/write?db=db", "m,a=1 v=1 1\nm,a=2 v=1 1")
      #expect(first.status == 204)
      let over = try await client.post(
        "/write?db=db", "m,a=1 v=2 2\nm,a=3 v=2 2\nm,a=4 v=2 2\nm,a=2 v=2 2")
      #expect(over.status == 400)
      #expect(
        over.text == #"{"error":"partial write: max-series-per-database limit exceeded: "#
          + #"db \"db\" holds 2 series dropped=2"}"# + "\n")
      let kept = try await client.get("/query?db=db&q=SELECT+count(v)+FROM+m")
      #expect(kept.text.contains(#""values":[["1970-01-01T00:00:00Z",4]]"#))
      _ = try await client.post("/query?db=db&q=DROP+SERIES+WHERE+a=%271%27", "")
      let after = try await client.post("/write?db=db", "m,a=3 v=3 3")
      #expect(after.status == 204)
    }
    try database.close()
  }

  @Test func aClientIsToldMeasurementFieldLimitAndHowMuchWasDropped() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-limit-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    configuration.fieldLimit = 2
    let database = try Database.open(at: directory.path, configuration: configuration)
    try await TestServer.run(database) { client in
      _ = try await client.post("/query?q=CREATE+DATABASE+db", "")
      let over = try await client.post(
        "/write?db=db", "m a=1,b=1 1\nm c=1 2\nm a=2,c=1 3\nn c=1 1\nm b=3 4")
      #expect(over.status == 400)
      #expect(
        over.text == #"{"error":"partial write: max-fields-per-measurement limit exceeded: "#
          + #"measurement \"m\" may have 2 fields dropped=2"}"# + "\n")
      let kept = try await client.get("/query?db=db&q=SELECT+count(*)+FROM+m")
      #expect(kept.text.contains(#""values":[["1970-01-01T00:00:00Z",1,2]]"#))
    }
    try database.close()
  }
}

import Foundation
import Query
import Testing
import TimeSeries
import Vigil

@testable import Server

/// Nothing that a client sends comes back at any length.
@Suite struct ExcerptTests {
  @Test func anExcerptIsTheTextOrItsEnds() {
    #expect("short".excerpt(bytes: 5) == "short")
    #expect("abcdefgh".excerpt(bytes: 4) == "ab…gh")
    // A scalar that is cut becomes the replacement character.
    #expect("aéééé".excerpt(bytes: 4).utf8.count < 20)
  }

  @Test(
    arguments: [
      "SELECT \(String(repeating: "a", count: 1_000_000)) FROM",
      String(repeating: "x", count: 1_000_000),
      "SELECT v FROM m WHERE a = '\(String(repeating: "b", count: 1_000_000))",
      "SELECT v FROM m WHERE a =~ /\(String(repeating: "(", count: 1_000_000))/",
      "SHOW TAG KEYS ON \"\(String(repeating: "c", count: 1_000_000))\"",
      "DROP RETENTION POLICY x ON \"\(String(repeating: "d", count: 1_000_000))\"",
      "KILL QUERY \(String(repeating: "9", count: 1_000_000))",
    ])
  func aStatementIsNotRepeatedInItsError(text: String) async throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-excerpt-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    let database = try Database.open(at: path, configuration: configuration)
    try await TestServer.run(database) { client in
      let form = "q=" + (text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
      let reply = try await client.post(
        "/query?db=d", form, headers: ["Content-Type": "application/x-www-form-urlencoded"])
      #expect(reply.text.contains("error"))
      #expect(reply.body.count < 6000, "\(reply.body.count)")
      #expect(reply.headers["x-influxdb-error"]?.count ?? 0 <= 1024)
    }
    try database.close()
  }

  @Test func whatHeadersRepeatIsBounded() async throws {
    try await TestServer.run { client in
      let reply = try await client.get(
        "/ping",
        headers: [
          "Origin": String(repeating: "o", count: 5000),
          "X-Request-Id": String(repeating: "r", count: 5000),
        ])
      #expect(reply.status == 204)
      for (name, value) in reply.headers { #expect(value.count < 500, "\(name)") }
    }
  }
}

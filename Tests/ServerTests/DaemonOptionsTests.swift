import Configuration
import Foundation
import Logging
import Testing
import Vigil

@testable import Server

@Suite struct DaemonOptionsTests {
  private func withFile<Result>(
    _ text: String, _ body: (String) async throws -> Result
  ) async throws -> Result {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigild-\(UUID().uuidString).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try await body(file.path)
  }

  @Test func defaultsAreALocalServerThatLosesLittle() async throws {
    let options = try await DaemonOptions(flags: [:], environment: [:], file: nil)
    #expect(options == DaemonOptions())
    #expect(options.listen.description == "127.0.0.1:8086")
    #expect(options.sync == .interval)
    #expect(options.syncInterval == 100)
    #expect(options.maxBodySize == 25_000_000)
  }

  @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() async throws {
    let text = #"{"data":"/file","listen":"1.1.1.1:1","sync":"never","max-body-size":7}"#
    try await withFile(text) { path in
      let options = try await DaemonOptions(
        flags: [.data: "/flag"],
        environment: [
          "VIGILD_DATA": "/environment", "VIGILD_LISTEN": "localhost:2",
          "VIGILD_CONFIG": path, "VIGILD_LOG_LEVEL": "debug", "VIGILD_QUERY_TIMEOUT": "9",
        ], file: nil)
      #expect(options.data == "/flag")
      #expect(options.listen == ListenAddress(host: "localhost", port: 2))
      #expect(options.sync == .never)
      #expect(options.maxBodySize == 7)
      #expect(options.logLevel == .debug)
      #expect(options.queryTimeout == 9)
    }
  }

  @Test func theSyncPolicyReachesTheStore() async throws {
    func policy(_ flags: [DaemonOptions.Key: ConfigValue]) async throws
      -> Database.Configuration
    {
      try await DaemonOptions(flags: flags, environment: [:], file: nil)
        .database(logger: Logger(label: "test"))
    }
    #expect(try await policy([.syncInterval: 250]).syncPolicy == .interval(milliseconds: 250))
    #expect(try await policy([.syncInterval: 250, .sync: "always"]).syncPolicy == .always)
    #expect(try await policy([.sync: "never"]).syncPolicy == .never)
  }

  @Test func boundsOnClientsReachTheServer() async throws {
    let options = try await DaemonOptions(
      flags: [
        .maxQueries: 8, .maxClientQueries: 3, .maxConnections: 50, .requestTimeout: 4,
        .responseTimeout: 5,
      ], environment: [:], file: nil)
    #expect(options.server.maximumQueries == 8)
    #expect(options.server.maximumQueriesPerClient == 3)
    #expect(options.server.maximumConnections == 50)
    #expect(options.server.requestTimeoutSeconds == 4)
    #expect(options.server.responseTimeoutSeconds == 5)
    // Each query has a thread, and so has each that waits for its client.
    let database = options.database(logger: Logger(label: "test"))
    #expect(database.queryThreads >= 8 + 64)
  }

  @Test(
    arguments: [
      ("VIGILD_LISTEN", "8086", "environment: listen: \"8086\" is not HOST:PORT"),
      (
        "VIGILD_SYNC", "sometimes",
        "environment: sync: \"sometimes\" is not always, interval, never"
      ),
      ("VIGILD_MAX_BODY_SIZE", "big", "environment: max-body-size: not a number from 0"),
      ("VIGILD_MAX_BODY_SIZE", "-1", "environment: max-body-size: -1 is not a number from 0"),
      ("VIGILD_DATA", "", "environment: data: \"\" is not a directory"),
    ])
  func aBadValueSaysWhichAndWhere(name: String, value: String, message: String) async throws {
    let error = await #expect(throws: DaemonOptions.Invalid.self) {
      try await DaemonOptions(flags: [:], environment: [name: value], file: nil)
    }
    #expect(error?.description == message)
  }

  @Test(
    arguments: [
      (#"{"lissten":"x:1"}"#, "unknown option \"lissten\""), ("[]", "not a JSON object"),
      ("{", "not a readable JSON file"),
      (#"{"max-queries":"many"}"#, "max-queries: not a number from 1 to 100000"),
    ])
  func aBadFileIsAnError(text: String, message: String) async throws {
    try await withFile(text) { path in
      let error = await #expect(throws: DaemonOptions.Invalid.self) {
        try await DaemonOptions(flags: [:], environment: [:], file: path)
      }
      #expect(error?.description == "\(path): \(message)")
    }
    let missing = await #expect(throws: DaemonOptions.Invalid.self) {
      try await DaemonOptions(flags: [:], environment: [:], file: "/nowhere/vigild.json")
    }
    #expect(missing?.description == "/nowhere/vigild.json: no such file")
  }

  @Test(
    arguments: [
      ("127.0.0.1:8086", "127.0.0.1:8086"), (":0", "0.0.0.0:0"), ("[::1]:80", "[::1]:80"),
      ("host.example:65535", "host.example:65535"),
      ("::1:80", nil), ("8086", nil), ("a:65536", nil), ("a:", nil), ("a:-1", nil), ("[]:1", nil),
      ("a b:1", nil), ("", nil),
    ] as [(String, String?)])
  func addresses(text: String, expected: String?) {
    #expect(ListenAddress(text)?.description == expected)
  }
}

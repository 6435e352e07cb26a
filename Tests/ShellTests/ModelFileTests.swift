import Foundation
import Testing
import Vigil

@testable import Shell

@Suite struct ModelFileTests {
  /// A directory that is removed when the test is done.
  private final class Place {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-shell-\(UUID().uuidString)").path

    init() throws {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var files: [String] {
      get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func text(_ name: String) -> String? {
      FileManager.default.contents(atPath: "\(path)/\(name)").map {
        String(decoding: $0, as: UTF8.self)
      }
    }
  }

  private func run(
    _ command: String, _ output: RecordedOutput, connection: any ShellConnection = FakeConnection(),
    database: String? = "d"
  ) async -> ShellOutcome {
    var settings = ShellSettings()
    settings.isInteractive = true
    settings.target = database.map { ShellTarget(database: $0) }
    return await ShellSession(connection: connection, output: output, settings: settings)
      .run(command)
  }

  @Test func anExportMakesAFileAndAnImportReadsIt() async throws {
    let place = try Place()
    let output = RecordedOutput()
    #expect(await run("\\export shop \"\(place.path)/a b\"", output) == .done)
    #expect(place.text("a b") == "shop of d")
    #expect(try place.files == ["a b"], "nothing temporary is left")
    #expect(await run("\\import \"\(place.path)/a b\"", output) == .done)
    #expect(await run("\\import \"\(place.path)/a b\" other", output) == .done)
    #expect(
      output.output == """
        9 bytes in \(place.path)/a b
        model - from shop of d into d, version 2
        model other from shop of d into d, version 2

        """)
  }

  @Test func aFileThatIsThereIsNotTouched() async throws {
    let place = try Place()
    let output = RecordedOutput()
    #expect(await run("\\export shop \(place.path)/f", output) == .done)
    #expect(await run("\\export other \(place.path)/f", output) == .failed)
    #expect(output.error == "error: \(place.path)/f is there already\n")
    #expect(place.text("f") == "shop of d")
    #expect(throws: ShellUsageError.self) { try ModelFile.write([1], to: "\(place.path)/f") }
    try FileManager.default.createSymbolicLink(
      atPath: "\(place.path)/link", withDestinationPath: "\(place.path)/nowhere")
    #expect(await run("\\export other \(place.path)/link", output) == .failed)
    #expect(try place.files == ["f", "link"])
  }

  @Test func whatFailsLeavesNoFile() async throws {
    let place = try Place()
    let output = RecordedOutput()
    #expect(await run("\\export bad \(place.path)/f", output) == .failed)
    #expect(await run("\\export shop \(place.path)/none/f", output) == .failed)
    #expect(await run("\\export shop \(place.path)/f", output, database: nil) == .failed)
    #expect(await run("\\import \(place.path)/f", output) == .failed)
    #expect(output.error.contains("model not found: bad"))
    #expect(output.error.contains("cannot write \(place.path)/none/f"))
    #expect(output.error.contains("no database"))
    #expect(output.error.contains("cannot read \(place.path)/f"))
    #expect(try place.files == [])
  }

  @Test(arguments: [
    ("\\export shop f.model", ShellCommand.exportModel(name: "shop", path: "f.model")),
    ("\\export \"a b\" \"c d\" ;", .exportModel(name: "a b", path: "c d")),
    ("\\import ./f.model;", .importModel(path: "./f.model", name: nil)),
    ("\\import f.model  \"a b\"", .importModel(path: "f.model", name: "a b")),
  ])
  func commandsAreRead(_ text: String, _ command: ShellCommand) throws {
    #expect(try ShellCommand(text) == command)
  }

  @Test(arguments: [
    "\\export", "\\export shop", "\\export shop a b", "\\export \"shop f", "\\export \"a\"b c",
    "\\import", "\\import a b c", "\\import \"\"", "\\import f \"a",
  ])
  func othersSayHowTheyGo(_ text: String) {
    #expect(throws: ShellUsageError.self) { try ShellCommand(text) }
  }

  /// A model of a directory comes out and goes in again under another name.
  @Test func aDirectoryGivesAndTakesModels() async throws {
    let place = try Place()
    let connection = try EmbeddedConnection(path: "\(place.path)/data")
    let output = RecordedOutput()
    let lines = (0..<100).map { "m,host=a v=\($0 % 7) \($0 * 10_000_000_000)" }
    #expect(await run("CREATE DATABASE d", output, connection: connection) == .done)
    for line in lines {
      try await connection.write(
        line: line, to: ShellTarget(database: "d"), precision: .nanoseconds)
    }
    let create = """
      CREATE MODEL shop FROM m FIELDS v GROUP BY time(10s), host USING lstm_autoencoder
      WITH (window = 4, hidden = 4, latent = 2, epochs = 1)
      """
    #expect(await run(create, output, connection: connection) == .done)
    let file = "\(place.path)/shop.model"
    #expect(await run("\\export shop \(file)", output, connection: connection) == .done)
    #expect(await run("\\import \(file) copy", output, connection: connection) == .done)
    #expect(output.output.hasSuffix("model copy, version 1\n"), "\(output.error)")
    try await connection.close()
  }
}

import ArgumentParser
import Foundation
import Server

@main
struct Vigild: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigild",
    abstract: "Serve a Vigil database, back it up, restore it, verify it, repair it.",
    version: ServerVersion.vigil,
    subcommands: [Serve.self, Backup.self, Restore.self, Verify.self, Repair.self],
    defaultSubcommand: Serve.self)

  /// Whoever asks for help without a subcommand wants to know about the server.
  static func main() async {
    if ["--help", "-h"].contains(CommandLine.arguments.dropFirst().joined(separator: " ")) {
      print(helpMessage(), helpMessage(for: Serve.self), separator: "\n\n")
      return
    }
    await main(nil)
  }

  /// Runs `body`; an error is one line, and the exit status `failure`.
  static func reportingErrors(
    failure: ExitCode = .failure, _ body: () async throws -> Void
  ) async throws {
    do {
      try await body()
    } catch let code as ExitCode {
      throw code
    } catch {
      FileHandle.standardError.write(Data("vigild: \(line(for: error))\n".utf8))
      throw failure
    }
  }

  /// An error as one line for a person.
  private static func line(for error: any Error) -> String {
    "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

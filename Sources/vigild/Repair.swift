import ArgumentParser
import Vigil

/// `vigild repair`: makes a damaged store whole again.
struct Repair: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a damaged store whole again, and say what is lost.",
    discussion: """
      Manifest and series log are written anew from what is left of them and from the segments; the \
      write-ahead log goes to segments; of a damaged segment the rows that can be read are kept. \
      What cannot be made good is moved to the directory "set-aside" of its database, and nothing is \
      deleted. A line for each thing that is wrong says what is done and which rows are lost. \
      Afterwards verify finds no damage. Stop the server first. Exit status 0, with --dry-run 1 if \
      there is something to repair, 2 if the directory could not be repaired.
      """)

  @Argument(help: "Directory of a store.")
  var directory: String

  @Flag(help: "Say what would be done, and change nothing.")
  var dryRun = false

  func run() async throws {
    try await Vigild.reportingErrors(failure: ExitCode(2)) {
      let count = try DataDirectory.repair(directory, isDryRun: dryRun) { print($0) }
      print(
        count == 0
          ? "no damage"
          : "\(count) problem\(count == 1 ? "" : "s") \(dryRun ? "found" : "repaired")")
      if dryRun, count > 0 { throw ExitCode(1) }
    }
  }
}

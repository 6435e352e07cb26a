import ArgumentParser
import Vigil

/// `vigild verify`: whether everything in a directory is as it was written.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every file and checksum of a store or of backups, changing nothing.",
    discussion: """
      A line for each thing that is wrong, on standard output, then a summary. Files that are no \
      damage but belong to nothing are named on lines that begin with "note". Exit status 0 where \
      all is well, 1 where something is damaged, 2 where the directory could not be checked, \
      because a server has it open, for example.
      """)

  @Argument(help: "Directory of a store or of backups.")
  var directory: String

  func run() async throws {
    try await Vigild.reportingErrors(failure: ExitCode(2)) {
      let report = try DataDirectory.verify(directory)
      for problem in report.problems { print(problem) }
      for leftover in report.leftovers { print("note: \(leftover.path): \(leftover.reason)") }
      print(report.summary)
      if !report.problems.isEmpty { throw ExitCode(1) }
    }
  }
}

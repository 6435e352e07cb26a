import ArgumentParser
import Server

/// `vigild restore`: databases out of a backup directory.
struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Restore databases from backups.",
    discussion: """
      Every checksum is compared on the way. A database is restored whole or not at all, and never \
      over one of the same name.
      """)

  @Argument(help: "Directory of the backups.")
  var source: String

  @Option(help: ArgumentHelp("Directory of the store; made if need be.", valueName: "directory"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "Name of the backup, as --list of backup shows it. (default: the newest of each database)",
      valueName: "name"))
  var backup: String?

  @Option(help: ArgumentHelp("Just this database.", valueName: "name"))
  var database: String?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("What the database is to be called.", valueName: "name"))
  var newName: String?

  func validate() throws {
    if newName != nil, database == nil { throw ValidationError("--as goes with --database") }
  }

  func run() async throws {
    try await Vigild.reportingErrors {
      let job = RestoreJob(
        source: source, data: data, backup: backup, database: database, newName: newName)
      try job.run { print($0) }
    }
  }
}

import ArgumentParser
import Logging
import Server
import Vigil

/// `vigild backup`: copies what a backup directory does not have yet.
struct Backup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Back up the databases of a running server, or of a directory.",
    discussion: """
      Everything that was acknowledged before is in the backup, as of one moment for each \
      database; writes go on meanwhile. Segments that an earlier backup in the same directory has \
      are not copied again.
      """)

  @Argument(help: "Directory of the backups.")
  var destination: String

  @Option(
    help: ArgumentHelp(
      "The server.", valueName: "url"))
  var url = "http://127.0.0.1:8086"

  @Option(
    help: ArgumentHelp(
      "A store that no server has open, instead of a server.", valueName: "directory"))
  var data: String?

  @Option(help: ArgumentHelp("Just this database; can be given several times.", valueName: "name"))
  var database: [String] = []

  @Option(
    help: ArgumentHelp(
      "Remove older backups of these databases, but for so many.", valueName: "count"))
  var keep: Int?

  @Flag(help: "Show which backups there are, and make none.")
  var list = false

  func validate() throws {
    if let keep, keep < 1 { throw ValidationError("--keep: at least 1") }
  }

  func run() async throws {
    try await Vigild.reportingErrors {
      if list {
        for line in try BackupJob.list(destination) { print(line) }
        return
      }
      let job = BackupJob(destination: destination, databases: database, keep: keep)
      guard let data else {
        try await job.run(from: RemoteBackupSource(url: url)) { print($0) }
        return
      }
      var configuration = Database.Configuration()
      configuration.logger.logLevel = .error
      let store = try Database.open(existing: data, configuration: configuration)
      do {
        try await job.run(from: store) { print($0) }
      } catch {
        try? store.close()
        throw error
      }
      try store.close()
    }
  }
}

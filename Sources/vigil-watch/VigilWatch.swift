import ArgumentParser
import Shell
import Watch

@main
struct VigilWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigil-watch",
    abstract: "Watch containers and what their models say of them, in the terminal.",
    discussion: """
      Asks a server once a second and draws each container's loss beside its threshold, its flag and \
      its metrics; a line a look where standard output is no terminal. Ctrl-C ends it.
      """,
    subcommands: [Live.self, Report.self], defaultSubcommand: Live.self)
}

/// What both commands ask of whom.
struct WatchOptions: ParsableArguments {
  @Option(help: "A server, such as http://localhost:8086.")
  var url: String

  @Option(name: [.customLong("db"), .long, .customShort("d")], help: "The database.")
  var database: String

  @Option(
    help: "Name to log in with; INFLUX_USERNAME and INFLUX_PASSWORD of the environment otherwise.")
  var username: String?

  @Option(help: "Password to log in with. The environment hides it from other users.")
  var password: String?

  @Flag(help: "Accept any certificate of an https server.")
  var insecure = false

  @Option(help: "The measurement that a continuous query writes a model's detect() to.")
  var health = "container_health"

  @Option(help: "The measurement with the metrics.")
  var from = "container"

  @Option(
    help: """
      The measurement of what is going on: rows with the fields text and until (nanoseconds since \
      1970), and the tag of --group where they are about one container.
      """)
  var marks: String?

  @Option(help: "The tag that tells containers apart.")
  var group = "pod"

  @Option(help: "Seconds between two rows of a container.")
  var interval = 1

  func validate() throws {
    guard (1...86_400).contains(interval) else {
      throw ValidationError("An interval is 1 to 86400 seconds.")
    }
  }

  func application() -> WatchApplication {
    WatchApplication(
      server: ServerAddress(
        url: url, username: username, password: password, acceptsAnyCertificate: insecure),
      settings: WatchSettings(
        database: database, source: from, health: health, marks: marks, group: group,
        interval: interval))
  }
}

struct Live: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The live view (the default).")

  @OptionGroup var options: WatchOptions

  @Option(help: "The metrics, separated by commas; all numeric fields otherwise.")
  var fields = ""

  @Option(
    help: """
      How metrics are to be read, FIELD=UNIT separated by commas: plain, bytes, or processor \
      (nanoseconds of processor time an interval).
      """)
  var units = "cpu_usage=processor,memory_usage=bytes"

  @Option(help: "Seconds between two looks.")
  var every = 1

  @Option(help: "End after so many looks.")
  var looks: Int?

  @Flag(help: "No colours; the environment's NO_COLOR says the same.")
  var noColor = false

  func validate() throws {
    guard (1...86_400).contains(every) else {
      throw ValidationError("Two looks are 1 to 86400 seconds apart.")
    }
    _ = try parsedUnits()
  }

  private func parsedUnits() throws -> [String: MetricUnit] {
    try units.split(separator: ",").reduce(into: [:]) { units, pair in
      guard let separator = pair.lastIndex(of: "="),
        let unit = MetricUnit(rawValue: String(pair[pair.index(after: separator)...]))
      else { throw ValidationError("Not FIELD=plain, bytes or processor: \(pair)") }
      units[String(pair[..<separator])] = unit
    }
  }

  func run() async throws {
    var application = options.application()
    application.settings.fields = fields.split(separator: ",").map(String.init)
    application.settings.units = try parsedUnits()
    application.allowsColor = !noColor
    application.looks = looks
    application.every = every
    throw ExitCode(await application.run())
  }
}

struct Report: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What became of faults that were injected on purpose, the marks of containers.")

  @OptionGroup var options: WatchOptions

  @Option(help: "What was before does not count: nanoseconds since 1970.")
  var since: Int64 = 0

  @Option(help: "Seconds after a fault in which its container's rows do not count.")
  var aftermath = 15

  func validate() throws {
    guard (0...86_400).contains(aftermath) else {
      throw ValidationError("An aftermath is 0 to 86400 seconds.")
    }
    guard options.marks != nil else {
      throw ValidationError("Name the measurement of the faults with --marks.")
    }
  }

  func run() async throws {
    throw ExitCode(await options.application().report(since: since, aftermath: aftermath))
  }
}

import ArgumentParser
import Shell

@main
struct TSQL: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tsql",
    abstract:
      "Query and write a Vigil data directory, or a server that speaks InfluxDB's HTTP API.",
    discussion: """
      Without statements and script it reads statements from standard input, on a terminal with \
      editing, history and completion. The history is $XDG_STATE_HOME/vigil/history, by default \
      under ~/.local/state.
      """)

  @Argument(help: "A data directory (not with --url), then a script.")
  var arguments: [String] = []

  @Option(help: "A server, such as http://localhost:8086.")
  var url: String?

  @Option(
    help: "Name to log in with; INFLUX_USERNAME and INFLUX_PASSWORD of the environment otherwise.")
  var username: String?

  @Option(help: "Password to log in with. The environment hides it from other users.")
  var password: String?

  @Flag(help: "Accept any certificate of an https server.")
  var insecure = false

  @Option(name: .shortAndLong, help: "Where statements that name no database go.")
  var database: String?

  // A statement may begin with a dash, as comments do.
  @Option(
    name: .customShort("e"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Run a statement; can be repeated.", valueName: "statement"))
  var execute: [String] = []

  @Option(name: .shortAndLong, help: "Run the statements of a file.")
  var file: String?

  @Flag(help: "Run what follows a failed statement as well.")
  var keepGoing = false

  @Option(help: "How results are shown: table, csv or json.")
  var format = OutputFormat.table

  @Option(help: "How times are shown: rfc3339, ns, u, ms, s, m or h; also the unit of INSERT.")
  var precision = TimeDisplay.rfc3339

  @Flag(help: "JSON in lines.")
  var pretty = false

  @Flag(help: "Say how long statements take.")
  var timing = false

  @Flag(help: "No colours; the environment's NO_COLOR says the same.")
  var noColor = false

  func validate() throws {
    if url == nil && arguments.isEmpty {
      throw ValidationError("Name a data directory, or a server with --url.")
    }
    if arguments.count + (file == nil ? 0 : 1) > (url == nil ? 2 : 1) {
      throw ValidationError("One script at most.")
    }
  }

  func run() async throws {
    var scripts = arguments
    let place: ShellApplication.Place =
      if let url {
        .server(
          ServerAddress(
            url: url, username: username, password: password, acceptsAnyCertificate: insecure))
      } else {
        .directory(scripts.removeFirst())
      }
    var application = ShellApplication(place: place)
    application.settings.target = database.map { ShellTarget(database: $0) }
    application.settings.format = format
    application.settings.times = precision
    application.settings.isPretty = pretty
    application.settings.showsTiming = timing
    application.statements = execute
    application.scriptPath = file ?? scripts.first
    application.keepsGoing = keepGoing
    application.allowsColor = !noColor
    throw ExitCode(await application.run())
  }
}

extension OutputFormat: ExpressibleByArgument {}

extension TimeDisplay: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

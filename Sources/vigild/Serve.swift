import ArgumentParser
import Configuration
import Foundation
import Server

/// `vigild`, also without a subcommand: the server.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a Vigil database over HTTP, as InfluxDB 1.x does.",
    discussion: """
      Every option can also be given in the environment (VIGILD_DATA, VIGILD_LOG_LEVEL, …) and in \
      the configuration file, a JSON object with the options' names: \
      {"data": "/var/lib/vigil", "listen": "127.0.0.1:8086"}. Flags win over the environment, the \
      environment over the file.
      """)

  @Option(help: "Directory of the store. (default: /var/lib/vigil)")
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Where to listen; port 0 takes a free one. (default: 127.0.0.1:8086)", valueName: "host:port")
  )
  var listen: String?

  @Option(
    help: ArgumentHelp(
      "When a write is on disk: always (before it is acknowledged), interval, never (when the system likes). (default: interval)",
      valueName: "policy"))
  var sync: String?

  @Option(
    help: ArgumentHelp("Time between syncs. (default: 100)", valueName: "milliseconds"))
  var syncInterval: Int?

  @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level")
  )
  var logLevel: String?

  @Option(
    help: ArgumentHelp(
      "Largest request body; 0 is no limit. (default: 25000000)", valueName: "bytes"))
  var maxBodySize: Int?

  @Option(
    help: ArgumentHelp(
      "Queries that run at a time; more of them wait. Statements about the server (SHOW QUERIES, KILL QUERY, …) do not. (default: 32)",
      valueName: "count"))
  var maxQueries: Int?

  @Option(
    help: ArgumentHelp(
      "Of these, queries of one client address. Four times as many may wait for the client to read. (default: 16)",
      valueName: "count"))
  var maxClientQueries: Int?

  @Option(
    help: ArgumentHelp(
      "Connections at a time; the longest idle one makes room for another. (default: 1000)",
      valueName: "count"))
  var maxConnections: Int?

  @Option(
    help: ArgumentHelp("Series a database may have. (default: 1000000)", valueName: "count"))
  var maxSeries: Int?

  @Option(
    help: ArgumentHelp("Fields a measurement may have. (default: 10000)", valueName: "count"))
  var maxFields: Int?

  @Option(
    help: ArgumentHelp(
      "Memory the newest points of a database may take before they are written to segments. (default: 67108864)",
      valueName: "bytes"))
  var memtableLimit: Int?

  @Option(
    help: ArgumentHelp("Time a query may run; 0 is no limit. (default: 0)", valueName: "seconds"))
  var queryTimeout: Int?

  @Flag(
    help: """
      Fail statements that would have to leave out damaged data, instead of a message in their result.
      """)
  var failOnDamage = false

  @Option(
    help: ArgumentHelp(
      "Time in which the head of a request has to be whole, and its body to make progress. (default: 30)",
      valueName: "seconds"))
  var requestTimeout: Int?

  @Option(
    help: ArgumentHelp(
      "Time for which a client may read nothing of its response, whose query then ends. (default: 60)",
      valueName: "seconds"))
  var responseTimeout: Int?

  @Option(
    help: ArgumentHelp(
      "Time that running requests have to finish at shutdown. (default: 30)", valueName: "seconds"))
  var shutdownTimeout: Int?

  func run() async throws {
    try await Vigild.reportingErrors {
      let options = try await DaemonOptions(
        flags: flags, environment: ProcessInfo.processInfo.environment, file: config)
      try await Daemon(options: options).run()
    }
  }

  private var flags: [DaemonOptions.Key: ConfigValue] {
    var flags: [DaemonOptions.Key: ConfigValue] = [:]
    func set(_ key: DaemonOptions.Key, _ text: String?) {
      if let text { flags[key] = ConfigValue(.string(text), isSecret: false) }
    }
    func set(_ key: DaemonOptions.Key, _ number: Int?) {
      if let number { flags[key] = ConfigValue(.int(number), isSecret: false) }
    }
    set(.data, data)
    set(.listen, listen)
    set(.sync, sync)
    set(.syncInterval, syncInterval)
    set(.logLevel, logLevel)
    set(.maxBodySize, maxBodySize)
    set(.maxQueries, maxQueries)
    set(.maxClientQueries, maxClientQueries)
    set(.maxConnections, maxConnections)
    set(.maxSeries, maxSeries)
    set(.maxFields, maxFields)
    set(.memtableLimit, memtableLimit)
    set(.queryTimeout, queryTimeout)
    set(.requestTimeout, requestTimeout)
    set(.responseTimeout, responseTimeout)
    if failOnDamage { flags[.failOnDamage] = ConfigValue(.bool(true), isSecret: false) }
    set(.shutdownTimeout, shutdownTimeout)
    return flags
  }
}

import Configuration
import Logging
import Vigil

/// What the daemon is told, from wherever it is told it.
///
/// Flags win over environment variables (`VIGILD_DATA`, `VIGILD_LOG_LEVEL`, …), those over the
/// configuration file (a JSON object), and that over the defaults. The names are the same
/// everywhere: those of ``Key``.
public struct DaemonOptions: Sendable, Hashable {
  public enum Key: String, CaseIterable, Sendable {
    case data
    case listen
    case sync
    case syncInterval = "sync-interval"
    case logLevel = "log-level"
    case maxBodySize = "max-body-size"
    case maxQueries = "max-queries"
    case maxClientQueries = "max-client-queries"
    case maxConnections = "max-connections"
    case maxSeries = "max-series"
    case maxFields = "max-fields"
    case memtableLimit = "memtable-limit"
    case queryTimeout = "query-timeout"
    case requestTimeout = "request-timeout"
    case responseTimeout = "response-timeout"
    case failOnDamage = "fail-on-damage"
    case shutdownTimeout = "shutdown-timeout"
  }

  /// When an acknowledged write is on disk.
  public enum Sync: String, CaseIterable, Sendable {
    case always, interval, never
  }

  /// An option that cannot be: which, where it was said, and what it should be.
  public struct Invalid: Error, Hashable, CustomStringConvertible {
    public var description: String
  }

  /// The directory of the store.
  public var data = "/var/lib/vigil"
  public var listen = ListenAddress(host: "127.0.0.1", port: 8086)
  public var sync = Sync.interval
  /// Milliseconds between syncs, for ``Sync/interval``.
  public var syncInterval = 100
  public var logLevel = Logger.Level.info
  /// Bytes of a request body; 0 is no limit.
  public var maxBodySize = ServerConfiguration().maximumBodyBytes
  /// Queries at a time.
  public var maxQueries = ServerConfiguration().maximumQueries
  /// Queries of one client at a time.
  public var maxClientQueries = ServerConfiguration().maximumQueriesPerClient
  /// Connections at a time.
  public var maxConnections = ServerConfiguration().maximumConnections
  /// Series a database may have.
  public var maxSeries = Database.Configuration().seriesLimit
  /// Fields a measurement may have.
  public var maxFields = Database.Configuration().fieldLimit
  /// Bytes the newest points of each database may take in memory.
  public var memtableLimit = Database.Configuration().memtableLimit
  /// Seconds a query may run; 0 is no limit.
  public var queryTimeout = 0
  /// Seconds in which a request's head has to be whole and its body has to make progress.
  public var requestTimeout = Int(ServerConfiguration().requestTimeoutSeconds)
  /// Seconds for which a client may read nothing of its response.
  public var responseTimeout = Int(ServerConfiguration().responseTimeoutSeconds)
  /// Whether a statement fails that would have to leave out what is damaged.
  public var failOnDamage = false
  /// Seconds that running requests have to finish at shutdown.
  public var shutdownTimeout = 30

  public init() {}

  /// - Parameters:
  ///   - flags: from the command line, by name; only those given.
  ///   - environment: the process environment.
  ///   - file: the configuration file; nil for none but the one `VIGILD_CONFIG` names.
  /// - Throws: ``Invalid`` for a value that is not one of the option's, a name in the file that is
  ///   no option, and a file that cannot be read.
  public init(flags: [Key: ConfigValue], environment: [String: String], file: String?) async throws
  {
    let environmentProvider = EnvironmentVariablesProvider(environmentVariables: environment)
      .prefixKeys(with: "vigild")
    var sources = [
      OptionSource(
        name: "command line",
        provider: InMemoryProvider(
          values: Dictionary(
            uniqueKeysWithValues: flags.map { (AbsoluteConfigKey([$0.rawValue]), $1) }))),
      OptionSource(name: "environment", provider: environmentProvider),
    ]
    if let file = file ?? environment["VIGILD_CONFIG"], !file.isEmpty {
      sources.append(try await OptionSource(file: file, known: Key.allCases.map(\.rawValue)))
    }
    try read(sources)
  }

  private mutating func read(_ sources: [OptionSource]) throws {
    let options = OptionReader(sources: sources)
    data =
      try options.string(.data) {
        $0.isEmpty ? nil : $0
      } expecting: {
        "a directory"
      } ?? data
    listen =
      try options.string(.listen) {
        ListenAddress($0)
      } expecting: {
        "HOST:PORT"
      } ?? listen
    sync =
      try options.string(.sync) {
        Sync(rawValue: $0)
      } expecting: {
        Sync.allCases.map(\.rawValue).joined(separator: ", ")
      } ?? sync
    syncInterval = try options.integer(.syncInterval, in: 1...60_000) ?? syncInterval
    logLevel =
      try options.string(.logLevel) {
        Logger.Level(rawValue: $0)
      } expecting: {
        Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      } ?? logLevel
    maxBodySize = try options.integer(.maxBodySize, in: 0...Int.max) ?? maxBodySize
    maxQueries = try options.integer(.maxQueries, in: 1...100_000) ?? maxQueries
    maxClientQueries =
      try options.integer(.maxClientQueries, in: 1...100_000) ?? maxClientQueries
    maxConnections = try options.integer(.maxConnections, in: 1...1_000_000) ?? maxConnections
    maxSeries = try options.integer(.maxSeries, in: 1...Int.max) ?? maxSeries
    maxFields = try options.integer(.maxFields, in: 1...Int.max) ?? maxFields
    memtableLimit = try options.integer(.memtableLimit, in: 1024...Int.max / 4) ?? memtableLimit
    queryTimeout = try options.integer(.queryTimeout, in: 0...Int(Int32.max)) ?? queryTimeout
    requestTimeout = try options.integer(.requestTimeout, in: 1...86_400) ?? requestTimeout
    responseTimeout = try options.integer(.responseTimeout, in: 1...86_400) ?? responseTimeout
    failOnDamage = try options.boolean(.failOnDamage) ?? failOnDamage
    shutdownTimeout =
      try options.integer(.shutdownTimeout, in: 1...86_400) ?? shutdownTimeout
  }

  /// The server's part.
  public var server: ServerConfiguration {
    var configuration = ServerConfiguration()
    configuration.host = listen.host
    configuration.port = listen.port
    configuration.maximumBodyBytes = maxBodySize
    configuration.maximumQueries = maxQueries
    configuration.maximumQueriesPerClient = maxClientQueries
    configuration.maximumConnections = maxConnections
    configuration.requestTimeoutSeconds = Double(requestTimeout)
    configuration.responseTimeoutSeconds = Double(responseTimeout)
    return configuration
  }

  /// The store's part.
  public func database(logger: Logger) -> Database.Configuration {
    var configuration = Database.Configuration()
    switch sync {
    case .always: configuration.syncPolicy = .always
    case .interval: configuration.syncPolicy = .interval(milliseconds: syncInterval)
    case .never: configuration.syncPolicy = .never
    }
    configuration.seriesLimit = maxSeries
    configuration.fieldLimit = maxFields
    configuration.memtableLimit = memtableLimit
    configuration.queryTimeout = Double(queryTimeout)
    configuration.queryThreads = server.workThreads
    configuration.failsOnDamage = failOnDamage
    configuration.runsContinuousQueries = true
    configuration.logger = logger
    return configuration
  }
}

import LineProtocol
import Logging
import Query
import Storage
import SystemPackage
import TimeSeries

/// An embedded time-series database: a directory of named databases, written with line protocol or
/// points, asked in InfluxQL.
///
///     let database = try Database.open(at: "metrics.vigil")
///     try await database.query("CREATE DATABASE greenhouse")
///     try database.write(lineProtocol: "climate,bed=north temperature=18.5", to: "greenhouse")
///     let results = try await database.query(
///       "SELECT mean(temperature) FROM climate GROUP BY bed", in: "greenhouse")
///     try database.close()
///
/// **Guarantees.** One process at a time has a directory open. A write that returned is seen by
/// every query that starts afterwards, and is durable as ``Configuration/syncPolicy`` promises: the
/// death of the process loses none of it. Of two values for the same series, field and time the
/// later write stands. A query sees one moment. All methods may be called from any thread.
public final class Database: Sendable {
  public let configuration: Configuration
  let engine: StorageEngine
  let models: ModelRegistry
  let continuousQueries: ContinuousQueryService
  let running = RunningQueries()
  let retraining: RetrainingService
  private let retention: RetentionService
  let threads: QueryThreads

  /// Opens the directory, making it if it is not there.
  ///
  /// - Throws: ``StorageError``: `locked` where another process has it open, `unsupportedVersion`
  ///   where a newer build wrote it, `io`. Damaged files do not prevent opening; they are in
  ///   ``problems``, and what is intact is readable.
  public static func open(
    at path: String, configuration: Configuration = Configuration()
  ) throws -> Database {
    try Database(path: path, configuration: configuration)
  }

  /// Opens a directory that has databases; another one is an error, and stays as it is.
  public static func open(
    existing path: String, configuration: Configuration = Configuration()
  ) throws -> Database {
    let databases = FilePath(path).appending("databases")
    guard DiskFileSystem().exists(databases) else {
      throw StorageError.missing(path: databases.string)
    }
    return try open(at: path, configuration: configuration)
  }

  private init(path: String, configuration: Configuration) throws {
    self.configuration = configuration
    threads = QueryThreads(limit: configuration.queryThreads)
    let observer = StoreObserver()
    var options = StorageOptions(
      syncPolicy: configuration.syncPolicy, memtableLimit: configuration.memtableLimit,
      seriesLimit: configuration.seriesLimit, fieldLimit: configuration.fieldLimit,
      now: configuration.clock)
    options.willDiscardLog = { try observer.willDiscardLog() }
    options.willDelete = { try observer.willDelete($0) }
    engine = try StorageEngine(directory: FilePath(path), options: options)
    models = ModelRegistry(engine: engine)
    do {
      continuousQueries = try ContinuousQueryService(
        source: DatabaseSource(engine: engine, models: models), clock: configuration.clock,
        logger: configuration.logger)
    } catch {
      observer.attach(nil)
      throw error
    }
    observer.attach(continuousQueries.scheduler)
    var limits = QueryContext.Limits()
    limits.bytes = configuration.queryMemoryLimit
    limits.isParallel = false
    retraining = RetrainingService(
      continuousQueries, limits: limits, clock: configuration.clock, logger: configuration.logger)
    retention = RetentionService(engine: engine, logger: configuration.logger)
    retention.start()
    for problem in engine.problems {
      configuration.logger.error("damage found", metadata: ["problem": "\(problem)"])
    }
    if configuration.runsContinuousQueries {
      continuousQueries.start()
      retraining.start()
    }
  }

  /// Damage found when the directory was opened and since: file, offset and what is wrong.
  public var problems: [StorageError] { engine.problems }

  /// Names of the databases, sorted.
  public var databases: [String] { engine.databases }

  /// Ends trainings of models, which can take long, and those that statements schedule, ahead of
  /// ``close()``; other queries go on.
  public func cancelTrainings() {
    models.cancelTrainings()
    retraining.stop()
  }

  /// Stops running queries, writes everything to disk and releases the directory.
  public func close() throws {
    running.cancelAll()
    retraining.stop()
    continuousQueries.stop()
    threads.stop()
    retention.stop()
    try engine.close()
  }

  /// Reads every file and checks every checksum.
  public func verify() -> [StorageError] { engine.verify() }
}

// Writing.
extension Database {
  /// Parses line protocol and writes it.
  ///
  /// - Parameters:
  ///   - retentionPolicy: nil is the default policy of `database`.
  ///   - precision: the unit of the timestamps; a line without one gets the time of the call.
  /// - Returns: what was taken in, and each line that was not, with its number and the reason (of
  ///   thousands that cannot be read, the first and how many others). The other lines are in.
  /// - Throws: ``StorageError`` where nothing could be written.
  @discardableResult
  public func write(
    lineProtocol: UnsafeRawBufferPointer, to database: String, retentionPolicy: String? = nil,
    precision: TimestampPrecision = .nanoseconds
  ) throws -> WriteOutcome {
    var parser = LineProtocolParser(precision: precision, defaultTimestamp: configuration.clock())
    let (batch, rejections) = parser.parse(lineProtocol)
    var outcome = try write(batch, to: database, retentionPolicy: retentionPolicy)
    if !rejections.isEmpty {
      outcome.rejections = (outcome.rejections + rejections).sorted { $0.line < $1.line }
      outcome.unlistedLines = parser.unlistedRejections
    }
    return outcome
  }

  /// The same for a string.
  @discardableResult
  public func write(
    lineProtocol: String, to database: String, retentionPolicy: String? = nil,
    precision: TimestampPrecision = .nanoseconds
  ) throws -> WriteOutcome {
    var text = lineProtocol
    return try text.withUTF8 {
      try write(
        lineProtocol: UnsafeRawBufferPointer($0), to: database, retentionPolicy: retentionPolicy,
        precision: precision)
    }
  }

  /// Writes points.
  @discardableResult
  public func write(
    _ batch: PointBatch, to database: String, retentionPolicy: String? = nil
  ) throws -> WriteOutcome {
    try continuousQueries.source.write(batch, to: database, retentionPolicy: retentionPolicy)
  }
}

// Asking.
extension Database {
  /// Runs the statements of `text` one after another and hands results out as they come; the last
  /// one of a statement has `partial == false`. A statement that fails gives a result with `error`,
  /// and those after it are not run, which their results say.
  ///
  /// The work is done on a thread of its own; cancelling the task stops it, and so does `emit`
  /// when it throws.
  ///
  /// - Parameter database: what unqualified names are looked up in.
  /// - Throws: ``ParseError`` where `text` is not in the language; then nothing was run.
  public func query(
    _ text: String, in database: String? = nil, options: QueryOptions = QueryOptions(),
    emit: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    let context = makeContext(options)
    let handle = running.begin(text, database: database, context: context)
    defer { running.end(handle) }
    let runner = StatementRunner(
      database: self, context: context, options: options, defaultDatabase: database)
    try await withTaskCancellationHandler {
      try await threads.run {
        let statements = try Parser.parse(
          text, parameters: options.parameters.mapValues(\.expression))
        try runner.run(statements, emit: emit)
      }
    } onCancel: {
      context.cancel()
    }
  }

  /// The same, collected.
  @discardableResult
  public func query(
    _ text: String, in database: String? = nil, options: QueryOptions = QueryOptions()
  ) async throws -> [StatementResult] {
    let results = ResultCollector()
    try await query(text, in: database, options: options) { results.add($0) }
    return results.all
  }

  private func makeContext(_ options: QueryOptions) -> QueryContext {
    var limits = QueryContext.Limits()
    limits.bytes = configuration.queryMemoryLimit
    limits.chunkSize = options.chunkSize
    let timeout = configuration.queryTimeout
    return QueryContext(
      now: configuration.clock(), limits: limits,
      deadline: timeout > 0 ? .now + .seconds(timeout) : nil)
  }
}

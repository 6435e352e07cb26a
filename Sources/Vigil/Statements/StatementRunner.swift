import ContinuousQueries
import Query
import Storage
import TimeSeries

/// Runs the statements of one request: those that read in the query engine, those that create and
/// drop here.
struct StatementRunner: Sendable {
  let database: Database
  let context: QueryContext
  let options: QueryOptions
  let defaultDatabase: String?

  var engine: StorageEngine { database.engine }
  var source: DatabaseSource { database.continuousQueries.source }
  var scheduler: ContinuousQueryScheduler { database.continuousQueries.scheduler }

  /// Bytes of an error in a result, which may quote the statement.
  private static let errorLimit = 4 << 10

  /// What went wrong with a statement is said in its result; only `emit` throws.
  func run(_ statements: [Statement], emit: (StatementResult) throws -> Void) throws {
    var failed = false
    for (id, statement) in statements.enumerated() {
      if failed {
        try emit(StatementResult(statementID: id, error: "not executed"))
        continue
      }
      var emitFailure: (any Error)?
      do {
        try run(statement, id: id) { result in
          // Before each result, so that one which is taken in slowly can be stopped.
          if context.isCancelled { throw QueryError.cancelled }
          do {
            try emit(result)
          } catch {
            emitFailure = error
            throw error
          }
        }
      } catch {
        if let emitFailure { throw emitFailure }
        failed = true
        try emit(StatementResult(statementID: id, error: database.clientText("\(error)").excerpt(bytes: Self.errorLimit)))
      }
    }
  }

  private func run(
    _ statement: Statement, id: Int, emit: (StatementResult) throws -> Void
  ) throws {
    if options.readOnly, !statement.isReadOnly {
      throw QueryError.invalid("the statement writes, and the query may only read")
    }
    if Executor.canExecute(statement) {
      let statement = withPolicy(statement)
      let damage = DamageReport(failure: failure(of: statement))
      try Executor(source: ReportingSource(store: source, damage: damage), context: context)
        .execute(statement, database: defaultDatabase, statementID: id) { result in
          var result = result
          // All is read by the time of the last one.
          if !result.partial { result.messages += try messages(of: damage) }
          try emit(result)
        }
      return
    }
    try emit(try administer(statement, id: id))
  }

  /// Which damage makes a statement fail. What a SELECT writes stays, so it is not to lack rows that
  /// could be read after a repair.
  private func failure(of statement: Statement) -> DamageReport.Failure {
    if options.failsOnDamage ?? database.configuration.failsOnDamage { return .always }
    if case .select(let select) = statement, select.into != nil { return .unreadableRows }
    return .never
  }

  /// What a statement had to leave out; throws where it is to fail instead.
  private func messages(of damage: DamageReport) throws -> [StatementResult.Message] {
    let entries = damage.entries
    if damage.failure == .always, let first = entries.first { throw first.error }
    var texts = entries.map { database.clientText("\($0)") }
    if damage.unlistedCount > 0 { texts.append("\(damage.unlistedCount) more damaged files") }
    return texts.map { StatementResult.Message(level: "error", text: $0) }
  }

  /// The statement with the request's retention policy in the sources that name none.
  private func withPolicy(_ statement: Statement) -> Statement {
    guard let policy = options.retentionPolicy, case .select(var select) = statement else {
      return statement
    }
    select.sources = select.sources.map { source in
      guard case .measurement(var name) = source, name.retentionPolicy == nil,
        name.database == nil || name.database == defaultDatabase
      else { return source }
      name.retentionPolicy = policy
      return .measurement(name)
    }
    return .select(select)
  }

  func requiredDatabase(_ name: String? = nil) throws -> String {
    guard let name = name ?? defaultDatabase, !name.isEmpty else {
      throw QueryError.databaseNameRequired
    }
    return name
  }

  func existing(_ name: String) throws -> String {
    guard engine.retentionPolicies(of: name) != nil else { throw QueryError.databaseNotFound(name) }
    return name
  }

  /// A statement that creates, drops or tells of what is not data.
  private func administer(_ statement: Statement, id: Int) throws -> StatementResult {
    var result = StatementResult(statementID: id)
    switch statement {
    case .createDatabase(let name, let policy): try createDatabase(name, policy)
    case .dropDatabase(let name):
      // As in InfluxDB, one that does not exist is as good as dropped.
      guard engine.retentionPolicies(of: name) != nil else { break }
      scheduler.forget(database: name)
      database.models.forget(database: name)
      try engine.dropDatabase(name)
    case .createRetentionPolicy(let name, let options, let isDefault):
      try createRetentionPolicy(try policy(options), in: try existing(name), isDefault: isDefault)
    case .alterRetentionPolicy(let name, let options, let isDefault):
      try alterRetentionPolicy(options, in: try existing(name), makesDefault: isDefault)
    case .dropRetentionPolicy(let name, let database):
      // As in InfluxDB, one that does not exist is as good as dropped.
      let policies = engine.retentionPolicies(of: database) ?? []
      guard policies.contains(where: { $0.name == name }) else { break }
      try engine.dropRetentionPolicy(name, in: database)
    case .dropMeasurement(let name):
      try engine.dropMeasurement(name, in: try existing(requiredDatabase()))
    case .dropSeries(let sources, let condition):
      try delete(sources, condition, isWhole: true)
    case .delete(let sources, let condition): try delete(sources, condition, isWhole: false)
    case .createModel(let create): result.series = [try createModel(create, &result.messages)]
    case .retrainModel(let name, let database, let since):
      result.series = [
        try retrainModel(
          name, in: try existing(requiredDatabase(database)), since: since, &result.messages)
      ]
    case .dropModel(let name, let database):
      try self.database.models.drop(name, in: try existing(requiredDatabase(database)))
    case .showModels(let database):
      let databases = try database.map { name in [try existing(name)] } ?? engine.databases
      result.series = try databases.compactMap { name in
        try self.database.models.listing(of: name, at: context.now)
      }
    case .createContinuousQuery(let create):
      _ = try existing(create.database)
      try scheduler.create(create)
    case .dropContinuousQuery(let name, let database):
      try scheduler.drop(name: name, database: database)
    case .showContinuousQueries: result.series = continuousQueryListing()
    case .showQueries: result.series = [queryListing()]
    case .killQuery(let id):
      guard database.running.kill(id) else { throw QueryError.invalid("no such query id: \(id)") }
    default: throw QueryError.notExecutable("the statement")
    }
    return result
  }

  private func createDatabase(_ name: String, _ options: RetentionPolicyOptions?) throws {
    guard !name.isEmpty else { throw QueryError.databaseNameRequired }
    let policy = try options.map(self.policy)
    if let policy, let known = engine.retentionPolicies(of: name) {
      guard known.first == policy else {
        throw QueryError.invalid("retention policy conflicts with an existing policy")
      }
      return
    }
    if let policy {
      try engine.createDatabase(name, policy: policy)
    } else {
      try engine.createDatabase(name)
    }
  }

  private func createRetentionPolicy(
    _ policy: RetentionPolicy, in database: String, isDefault: Bool
  ) throws {
    let known = engine.retentionPolicies(of: database)?.first { $0.name == policy.name }
    guard known == nil || known == policy else {
      throw QueryError.invalid("retention policy already exists")
    }
    try engine.createRetentionPolicy(policy, in: database, isDefault: isDefault)
  }

  /// Partitions keep their length unless it is given; as in InfluxDB they must not be longer than
  /// what is kept.
  private func alterRetentionPolicy(
    _ options: RetentionPolicyOptions, in database: String, makesDefault: Bool
  ) throws {
    let name = options.name ?? RetentionPolicy.automaticName
    guard var policy = engine.retentionPolicies(of: database)?.first(where: { $0.name == name })
    else { throw QueryError.retentionPolicyNotFound(name) }
    if let duration = options.duration {
      try checkRetention(duration)
      policy.duration = duration
    }
    if let partition = options.shardDuration {
      policy.partitionDuration =
        partition > 0
        ? max(partition, Self.hour) : Self.partitionDuration(keeping: policy.duration)
    }
    guard policy.duration == 0 || policy.duration >= policy.partitionDuration else {
      throw QueryError.invalid("retention policy duration must be greater than the shard duration")
    }
    try engine.alterRetentionPolicy(
      name, in: database, duration: policy.duration, partitionDuration: policy.partitionDuration,
      makesDefault: makesDefault)
  }

  private static let hour: Int64 = 3_600_000_000_000

  private func checkRetention(_ duration: Int64) throws {
    guard duration == 0 || duration >= Self.hour else {
      throw QueryError.invalid("retention policy duration must be at least 1h0m0s")
    }
  }

  /// The length of partitions of which nothing is said.
  private static func partitionDuration(keeping duration: Int64) -> Int64 {
    duration > 0 && duration < 2 * 24 * hour
      ? hour : RetentionPolicy(name: RetentionPolicy.automaticName).partitionDuration
  }

  private func policy(_ options: RetentionPolicyOptions) throws -> RetentionPolicy {
    let duration = options.duration ?? 0
    try checkRetention(duration)
    var policy = RetentionPolicy(
      name: options.name ?? RetentionPolicy.automaticName, duration: duration)
    if let partition = options.shardDuration, partition > 0 {
      policy.partitionDuration = max(partition, Self.hour)
    } else {
      policy.partitionDuration = Self.partitionDuration(keeping: duration)
    }
    return policy
  }

  private func delete(_ sources: [Source], _ condition: Expression?, isWhole: Bool) throws {
    let name = try existing(requiredDatabase())
    guard let snapshot = engine.snapshot(of: name) else { return }
    let selections = try Executor(source: source, context: context).selectSeries(
      sources: sources, condition: condition, database: name, allowsTime: !isWhole)
    let spans = selections.map { selection in
      DeletedSpan(
        series: snapshot.series(of: selection.measurement, matching: selection.predicate)
          .map(\.id), from: selection.from, through: selection.through)
    }
    if isWhole {
      try engine.dropSeries(spans.flatMap(\.series), in: name)
    } else {
      try engine.delete(spans, in: name)
    }
  }
}

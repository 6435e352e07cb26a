import Query
import TimeSeries
import Vigil

/// A data directory opened in this process.
struct EmbeddedConnection: ShellConnection {
  private let database: Database
  private let path: String

  init(path: String) throws {
    self.path = path
    var configuration = Database.Configuration()
    // While the shell has the directory open, nobody else can keep them up to date.
    configuration.runsContinuousQueries = true
    // What goes wrong in the background is for the log of a server, not for the prompt.
    configuration.logger.logLevel = .critical
    database = try Database.open(at: path, configuration: configuration)
  }

  func describe() async throws -> String { path }

  func run(
    _ statement: String, target: ShellTarget?,
    progress: @escaping @Sendable (ModelProgress) -> Void,
    deliver: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    var options = QueryOptions()
    options.retentionPolicy = target?.retentionPolicy
    options.chunkSize = 10_000
    options.progress = { progress(ModelProgress($0)) }
    try await database.query(statement, in: target?.database, options: options, emit: deliver)
  }

  func write(line: String, to target: ShellTarget, precision: TimestampPrecision) async throws {
    let outcome = try database.write(
      lineProtocol: line, to: target.database, retentionPolicy: target.retentionPolicy,
      precision: precision)
    if let rejection = outcome.rejections.first {
      throw ConnectionError(description: rejection.reason.description)
    }
  }

  func exportModel(_ name: String, from target: ShellTarget) async throws -> [UInt8] {
    try database.exportModel(name, from: target.database)
  }

  func importModel(
    _ bytes: [UInt8], as name: String?, into target: ShellTarget
  ) async throws -> ImportedModel {
    try database.importModel(bytes, as: name, into: target.database)
  }

  func close() async throws { try database.close() }
}

extension ModelProgress {
  init(_ progress: TrainingProgress) {
    self.init(
      model: progress.model, fraction: progress.fraction, groupsDone: progress.groupsDone,
      groupCount: progress.groupCount, group: progress.group, epoch: progress.epoch,
      epochCount: progress.epochCount, trainingLoss: progress.trainingLoss,
      validationLoss: progress.validationLoss)
  }
}

import ContinuousQueries
import Detection
import Query
import TimeSeries

/// What came of the import of a model.
public struct ImportedModel: Sendable, Hashable, Codable {
  public var name: String
  /// 1 for a model that is new, else the next one.
  public var version: Int
  /// The first time that the version scores; nil is all of time.
  public var inForce: Timestamp?
  /// Groups that have a network.
  public var groups: Int
  /// Networks that groups share.
  public var shared: Int

  private enum CodingKeys: String, CodingKey {
    case name, version, groups, shared
    case inForce = "in_force"
  }

  public init(
    name: String, version: Int, inForce: Timestamp? = nil, groups: Int, shared: Int
  ) {
    self.name = name
    self.version = version
    self.inForce = inForce
    self.groups = groups
    self.shared = shared
  }
}

/// A model file from elsewhere on its way into a database.
struct ModelImport {
  let source: DatabaseSource
  let scheduler: ContinuousQueryScheduler
  let now: Timestamp

  /// - Throws: ``DetectionError`` for what the file says; ``QueryError`` where that contradicts the
  ///   schema or a model that is there, or the model is being trained; ``StorageError``.
  func run(
    _ bytes: [UInt8], as name: String?, into database: String
  ) throws -> ImportedModel {
    let file = try TrainedModel(DetectionModel(decoding: bytes))
    var statement = file.statement
    statement.name = name ?? statement.name
    statement.database = database
    statement.source.database = statement.source.database.map { _ in database }
    var specification = try Self.specification(of: file, by: statement, in: database)
    specification.name = statement.name
    if let schema = source.snapshot(of: database)?.schema(of: file.measurement) {
      try specification.check(against: schema, isComplete: false)
    }
    let previous = try source.models.model(named: statement.name, in: database)
    if let previous {
      try Self.check(statement, continues: previous)
    } else {
      try source.models.check(name: statement.name, in: database)
    }
    let status = ModelTrainingStatus(statement, context: QueryContext(now: now), report: nil)
    let installation = VersionInstallation(
      source: source, scheduler: scheduler, database: database, status: status,
      previous: previous)
    let model = try installation.claiming {
      try installation.install(
        specification, groups: file.model.groups, shared: file.model.shared,
        trained: file.trained, imported: now, since: now)
    }
    let installed = try TrainedModel(model)
    return ImportedModel(
      name: statement.name, version: installed.version, inForce: installed.inForce,
      groups: model.groups.count, shared: model.shared.count)
  }

  /// The file's specification, which its statement has to agree with: the one scores, the other
  /// trains the next version. What the statement leaves open may have had other defaults.
  private static func specification(
    of file: TrainedModel, by statement: CreateModelStatement, in database: String
  ) throws -> ModelSpecification {
    func contradiction(_ reason: String) -> DetectionError {
      .corruptModel(offset: 0, reason: "its statement is not of its networks: \(reason)")
    }
    let specification = file.model.specification
    let stated: ModelSpecification
    var options = specification.options
    do {
      stated = try ModelSpecification(statement, in: database)
      try options.set(by: statement)
    } catch {
      throw contradiction("\(error)")
    }
    guard specification.fields == stated.fields, specification.interval == stated.interval,
      specification.groupTags == stated.groupTags, specification.shareTag == stated.shareTag,
      specification.options == options
    else { throw contradiction("fields, interval, tags or options differ") }
    return specification
  }

  /// Versions of a model score the same rows.
  private static func check(
    _ statement: CreateModelStatement, continues previous: VersionedModel
  ) throws {
    func mismatch(_ what: String) -> QueryError {
      .invalid("there is a model \(statement.name) of \(what): DROP it, or import by another name")
    }
    let known = previous.statement
    guard statement.source.name == known.source.name,
      statement.source.retentionPolicy == known.source.retentionPolicy
    else { throw mismatch("another measurement") }
    guard statement.fields == known.fields else { throw mismatch("other fields") }
    guard statement.interval == known.interval else { throw mismatch("another interval") }
    guard Set(statement.dimensions) == Set(known.dimensions) else {
      throw mismatch("other tags of GROUP BY")
    }
    guard statement.share == known.share else { throw mismatch("another tag of SHARE BY") }
  }
}

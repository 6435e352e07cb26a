import Detection
import Query
import Storage
import Synchronization
import TimeSeries

/// The models of all databases: their files, those read so far, and what is being trained.
///
/// A model's newest version is a file under the model's name, and names the older versions that
/// count, each a file of its own. So replacing the newest one changes all versions at once; an older
/// one that is not named is what a crash left, and goes the next time.
final class ModelRegistry: Sendable {
  static let fileKind = "models"

  struct Key: Hashable {
    var database: String
    var name: String
  }

  private struct State {
    var loaded: [Key: VersionedModel] = [:]
    /// Counts what makes a file read before out of date.
    var changes = 0
    var trainings: [Key: ModelTrainingStatus] = [:]
    /// Of scheduled trainings, since the model was trained last.
    var failures: [Key: TrainingFailure] = [:]
  }

  let engine: StorageEngine
  private let state = Mutex(State())
  /// Held while a model's files change, so that a DROP is not undone by what ends just then.
  private let writing = Mutex(())

  init(engine: StorageEngine) { self.engine = engine }

  /// Nil where the database has no model of the name.
  func model(named name: String, in database: String) throws -> VersionedModel? {
    let key = Key(database: database, name: name)
    let (known, changes) = state.withLock { ($0.loaded[key], $0.changes) }
    if let known { return known }
    guard let bytes = try engine.loadFile(kind: Self.fileKind, name: name, in: database) else {
      return nil
    }
    let model = versioned(try TrainedModel(DetectionModel(decoding: bytes)), key)
    state.withLock { if $0.changes == changes { $0.loaded[key] = model } }
    return model
  }

  private func versioned(_ newest: TrainedModel, _ key: Key) -> VersionedModel {
    VersionedModel(newest) { [engine] number in
      guard
        let bytes = try engine.loadFile(
          kind: ModelVersion.fileKind, name: ModelVersion.fileName(number, of: key.name),
          in: key.database)
      else { throw QueryError.invalid("version \(number) of model \(key.name) is not there") }
      return try TrainedModel(DetectionModel(decoding: bytes))
    }
  }

  /// Sorted.
  func names(in database: String) throws -> [String] {
    try engine.listFiles(kind: Self.fileKind, in: database)
  }

  /// Keeps a new version of a model, which from now on is the newest.
  ///
  /// - Parameters:
  ///   - previous: the version that was the newest; nil for a model that is new.
  ///   - context: of who made it. A DROP cancels it.
  func store(
    _ model: DetectionModel, after previous: VersionedModel?, by context: QueryContext,
    in database: String
  ) throws {
    let newest = try TrainedModel(model)
    let key = Key(database: database, name: model.specification.name)
    try writing.withLock { _ in
      if context.isCancelled { throw QueryError.cancelled }
      if let previous {
        guard try self.model(named: key.name, in: database)?.version == previous.version else {
          throw QueryError.modelNotFound(key.name)
        }
        if newest.older.contains(previous.newest.record) {
          try engine.storeFile(
            kind: ModelVersion.fileKind,
            name: ModelVersion.fileName(previous.version, of: key.name),
            bytes: previous.newest.model.encoded(), in: database)
        }
      }
      try replace(newest, key)
      state.withLock { $0.failures[key] = nil }
      // The model is what it is to be, whatever becomes of these; they are tried again next time.
      try? removeVersions(of: key, but: Set(newest.older.map(\.number)))
    }
  }

  /// Keeps the newest version of a model without some of its networks.
  ///
  /// - Parameter context: as of ``store(_:after:by:in:)``.
  func store(
    _ networks: DetectionModel, inPlaceOf newest: TrainedModel, by context: QueryContext,
    in database: String
  ) throws {
    let reduced = try TrainedModel(networks, inPlaceOf: newest)
    try writing.withLock { _ in
      if context.isCancelled { throw QueryError.cancelled }
      try replace(reduced, Key(database: database, name: networks.specification.name))
    }
  }

  private func replace(_ newest: TrainedModel, _ key: Key) throws {
    try engine.storeFile(
      kind: Self.fileKind, name: key.name, bytes: newest.model.encoded(), in: key.database)
    state.withLock {
      $0.changes += 1
      $0.loaded[key] = versioned(newest, key)
    }
  }

  /// Throws where a name has no room for a version behind it in a file's name.
  func check(name: String, in database: String) throws {
    do {
      _ = try engine.loadFile(
        kind: ModelVersion.fileKind, name: ModelVersion.fileName(.max, of: name), in: database)
    } catch StorageError.invalidName(_, let reason) {
      throw StorageError.invalidName(name, reason: "with a version behind it, \(reason)")
    }
  }

  private func removeVersions(of key: Key, but kept: Set<Int>) throws {
    for file in try engine.listFiles(kind: ModelVersion.fileKind, in: key.database) {
      guard let (model, number) = ModelVersion.parse(fileName: file), model == key.name,
        !kept.contains(number)
      else { continue }
      try engine.removeFile(kind: ModelVersion.fileKind, name: file, in: key.database)
    }
  }

  func drop(_ name: String, in database: String) throws {
    let key = Key(database: database, name: name)
    try writing.withLock { _ in
      let training = state.withLock { $0.trainings[key] }
      training?.context.cancel()
      let removed = try engine.removeFile(kind: Self.fileKind, name: name, in: database)
      state.withLock {
        $0.changes += 1
        $0.loaded[key] = nil
        $0.failures[key] = nil
      }
      try removeVersions(of: key, but: [])
      guard removed || training != nil else { throw QueryError.modelNotFound(name) }
    }
  }

  /// Forgets the models of a database that is going.
  func forget(database: String) {
    state.withLock { state in
      for (key, training) in state.trainings where key.database == database {
        training.context.cancel()
      }
      state.changes += 1
      state.loaded = state.loaded.filter { $0.key.database != database }
      state.failures = state.failures.filter { $0.key.database != database }
    }
  }

  /// Claims a name for a training. False where one is under way.
  func begin(_ status: ModelTrainingStatus, in database: String) -> Bool {
    state.withLock { state in
      let key = Key(database: database, name: status.statement.name)
      guard state.trainings[key] == nil else { return false }
      state.trainings[key] = status
      return true
    }
  }

  func end(_ name: String, in database: String) {
    state.withLock { $0.trainings[Key(database: database, name: name)] = nil }
  }

  func failure(of name: String, in database: String) -> TrainingFailure? {
    state.withLock { $0.failures[Key(database: database, name: name)] }
  }

  /// Keeps why a scheduled training failed.
  func note(
    _ reason: String, of name: String, in database: String, every: Int64, at now: Timestamp
  ) {
    let key = Key(database: database, name: name)
    state.withLock {
      $0.failures[key] = TrainingFailure(reason, after: $0.failures[key], every: every, at: now)
    }
  }

  /// Ends all trainings; their statements fail as cancelled.
  func cancelTrainings() {
    state.withLock { state in
      for training in state.trainings.values { training.context.cancel() }
    }
  }

  /// The trainings under way in a database, by name.
  func trainings(in database: String) -> [String: ModelTrainingStatus] {
    state.withLock { state in
      Dictionary(
        uniqueKeysWithValues: state.trainings.filter { $0.key.database == database }
          .map { ($0.key.name, $0.value) })
    }
  }
}

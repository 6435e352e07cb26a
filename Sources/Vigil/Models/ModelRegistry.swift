import Detection
import Query
import Storage
import Synchronization
import TimeSeries

/// The models of all databases: their files, those read so far, and what is being trained.
final class ModelRegistry: Sendable {
  static let fileKind = "models"

  struct Key: Hashable {
    var database: String
    var name: String
  }

  private struct State {
    var loaded: [Key: TrainedModel] = [:]
    var trainings: [Key: ModelTrainingStatus] = [:]
  }

  let engine: StorageEngine
  private let state = Mutex(State())

  init(engine: StorageEngine) { self.engine = engine }

  /// Nil where the database has no model of the name.
  func model(named name: String, in database: String) throws -> TrainedModel? {
    let key = Key(database: database, name: name)
    if let known = state.withLock({ $0.loaded[key] }) { return known }
    guard let bytes = try engine.loadFile(kind: Self.fileKind, name: name, in: database) else {
      return nil
    }
    let model = try TrainedModel(DetectionModel(decoding: bytes))
    state.withLock { $0.loaded[key] = model }
    return model
  }

  /// Sorted.
  func names(in database: String) throws -> [String] {
    try engine.listFiles(kind: Self.fileKind, in: database)
  }

  /// Keeps a model, in the place of one of the same name.
  func store(_ model: DetectionModel, in database: String) throws {
    let name = model.specification.name
    try engine.storeFile(
      kind: Self.fileKind, name: name, bytes: model.encoded(), in: database)
    let trained = try TrainedModel(model)
    state.withLock { $0.loaded[Key(database: database, name: name)] = trained }
  }

  func drop(_ name: String, in database: String) throws {
    let key = Key(database: database, name: name)
    let training = state.withLock { $0.trainings[key] }
    training?.context.cancel()
    let removed = try engine.removeFile(kind: Self.fileKind, name: name, in: database)
    state.withLock { $0.loaded[key] = nil }
    guard removed || training != nil else { throw QueryError.modelNotFound(name) }
  }

  /// Forgets the models of a database that is going.
  func forget(database: String) {
    state.withLock { state in
      for (key, training) in state.trainings where key.database == database {
        training.context.cancel()
      }
      state.loaded = state.loaded.filter { $0.key.database != database }
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

import Query
import Storage

/// Models as files, to be kept or taken elsewhere.
extension Database {
  /// The newest version of a model, as a model file (FORMAT.md).
  ///
  /// - Throws: ``QueryError`` where there is no such database or model, ``StorageError`` where it
  ///   cannot be read.
  public func exportModel(_ name: String, from database: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try storedModel(name, in: database).send { bytes += $0 }
    return bytes
  }

  /// The same, handed out piece by piece on a thread that `emit` may block. However large the model
  /// is, only a piece of it is in memory.
  public func exportModel(
    _ name: String, from database: String,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws {
    try await threads.run { [self] in
      try storedModel(name, in: database).send(to: emit)
    }
  }

  private func storedModel(_ name: String, in database: String) throws -> StoredFile {
    try requireDatabase(database)
    guard
      let file = try engine.openFile(kind: ModelRegistry.fileKind, name: name, in: database)
    else { throw QueryError.modelNotFound(name) }
    return file
  }

  /// Puts a model file into a database: a new model in force for all of time, or the next version
  /// of a model that reads the same rows, in force from now on. Nothing is written where it throws.
  ///
  /// The model's measurement need not be there yet. Continuous queries that use the model compute
  /// anew what the version scores. May wait for one that is being computed.
  ///
  /// - Parameter name: nil is the name in the file.
  /// - Throws: ``DetectionError`` where the file is damaged or contradicts itself; ``QueryError``
  ///   where there is no such database, where the model contradicts the types in the measurement or
  ///   a model of its name, and where that is being trained; ``StorageError``, also for a name that
  ///   no file can have.
  @discardableResult
  public func importModel(
    _ bytes: [UInt8], as name: String? = nil, into database: String
  ) throws -> ImportedModel {
    try requireDatabase(database)
    let source = continuousQueries.source
    return try ModelImport(
      source: source, scheduler: continuousQueries.scheduler, now: configuration.clock()
    ).run(bytes, as: name, into: database)
  }

  private func requireDatabase(_ name: String) throws {
    guard engine.retentionPolicies(of: name) != nil else { throw QueryError.databaseNotFound(name) }
  }
}

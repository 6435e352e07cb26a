import Query

/// Models as files, to be kept or taken elsewhere.
extension Database {
  /// The newest version of a model, as a model file (FORMAT.md).
  ///
  /// - Throws: ``QueryError`` where there is no such database or model, ``DetectionError`` or
  ///   ``StorageError`` where it cannot be read.
  public func exportModel(_ name: String, from database: String) throws -> [UInt8] {
    try requireDatabase(database)
    guard let model = try models.model(named: name, in: database) else {
      throw QueryError.modelNotFound(name)
    }
    return model.newest.model.encoded()
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

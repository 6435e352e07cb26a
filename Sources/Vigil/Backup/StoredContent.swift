import ContinuousQueries
import Detection
import Foundation
import Query

/// What this layer keeps in a store's files, seen from outside a running database.
enum StoredContent {
  struct Misplaced: Error, CustomStringConvertible {
    var description: String
  }

  /// Throws where a file's content is not what its kind asks for.
  static func check(_ database: String, _ kind: String, _ name: String, _ bytes: [UInt8]) throws {
    switch kind {
    case ModelRegistry.fileKind:
      let model = try TrainedModel(DetectionModel(decoding: bytes))
      guard model.model.specification.name == name else {
        throw Misplaced(description: "it is the model \(model.model.specification.name)")
      }
    case ModelVersion.fileKind:
      let model = try TrainedModel(DetectionModel(decoding: bytes))
      let found = ModelVersion.fileName(model.version, of: model.model.specification.name)
      guard found == name else {
        throw Misplaced(description: "it is the version \(found) of a model")
      }
    case DatabaseHost.fileKind:
      let stored = try JSONDecoder().decode(StoredContinuousQuery.self, from: Data(bytes))
      let query = try ContinuousQueryScheduler.parse(stored)
      guard query.name == name, query.database == database, stored.name == name,
        stored.database == database
      else {
        throw Misplaced(
          description: "it is the continuous query \(query.name) of \(query.database)")
      }
    default: throw Misplaced(description: "no kind of file that this version writes")
    }
  }

  /// The content of a file for a copy of its database that has another name. A continuous query
  /// must not go on reading and writing the original's measurements.
  static func moved(
    from old: String, to new: String, kind: String, _ bytes: [UInt8]
  ) throws -> [UInt8] {
    guard kind == DatabaseHost.fileKind else { return bytes }
    var stored = try JSONDecoder().decode(StoredContinuousQuery.self, from: Data(bytes))
    let statements = try Parser.parse(stored.text)
    guard statements.count == 1, case .createContinuousQuery(var create) = statements[0] else {
      throw ContinuousQueryError.corruptDefinition(
        name: stored.name, reason: "not one CREATE CONTINUOUS QUERY")
    }
    create.database = new
    create.select = moved(create.select, from: old, to: new)
    stored.database = new
    stored.text = Statement.createContinuousQuery(create).description
    return Array(try JSONEncoder().encode(stored))
  }

  private static func moved(
    _ select: SelectStatement, from old: String, to new: String
  ) -> SelectStatement {
    var select = select
    if select.into?.database == old { select.into?.database = new }
    select.sources = select.sources.map { source in
      switch source {
      case .measurement(var name):
        if name.database == old { name.database = new }
        return .measurement(name)
      case .subquery(let inner): return .subquery(moved(inner, from: old, to: new))
      }
    }
    return select
  }
}

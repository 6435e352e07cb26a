import Foundation
import Query
import Server
import Synchronization
import TimeSeries
import Vigil

/// A database that remembers what it was asked and answers what the test says.
final class FakeBackend: ServerBackend {
  struct Write: Hashable {
    var text: String
    var database: String
    var retentionPolicy: String?
    var precision: TimestampPrecision
  }

  struct Asked {
    var text: String
    var database: String?
    var options: QueryOptions
  }

  typealias Emit = @Sendable (StatementResult) throws -> Void

  private let written = Mutex<[Write]>([])
  private let asked = Mutex<[Asked]>([])
  private let onWrite: @Sendable (String) throws -> WriteOutcome
  private let onQuery: @Sendable (String, Emit) throws -> Void

  /// - Parameter onQuery: runs on a thread of its own, where it may block.
  init(
    onWrite: @escaping @Sendable (String) throws -> WriteOutcome = { _ in
      WriteOutcome(acceptedPoints: 1, acceptedValues: 1)
    },
    onQuery: @escaping @Sendable (String, Emit) throws -> Void = { _, emit in
      try emit(StatementResult(statementID: 0))
    }
  ) {
    self.onWrite = onWrite
    self.onQuery = onQuery
  }

  var writes: [Write] { written.withLock { $0 } }
  var queries: [Asked] { asked.withLock { $0 } }

  func write(
    lineProtocol: UnsafeRawBufferPointer, to database: String, retentionPolicy: String?,
    precision: TimestampPrecision
  ) throws -> WriteOutcome {
    let text = String(decoding: lineProtocol, as: UTF8.self)
    written.withLock {
      $0.append(
        Write(
          text: text, database: database, retentionPolicy: retentionPolicy, precision: precision))
    }
    return try onWrite(text)
  }

  func query(
    _ text: String, in database: String?, options: QueryOptions, emit: @escaping Emit
  ) async throws {
    asked.withLock { $0.append(Asked(text: text, database: database, options: options)) }
    let onQuery = self.onQuery
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try onQuery(text, emit) })
      }
    }
  }
}

/// Backends of tests that are about something else are well, and have no databases to back up, and no
/// models.
extension ServerBackend {
  func health() -> DatabaseHealth { DatabaseHealth() }

  func clientText(_ text: String) -> String { text }

  var databases: [String] { [] }

  func backup(
    _ database: String, except known: Set<String>,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws {
    throw StorageError.databaseNotFound(database)
  }

  func exportModel(
    _ name: String, from database: String,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws {
    throw QueryError.modelNotFound(name)
  }

  func importModel(
    _ bytes: [UInt8], as name: String?, into database: String
  ) throws -> ImportedModel {
    throw QueryError.databaseNotFound(database)
  }
}

/// A parse error as the query engine throws it.
struct FakeParseError: Error, CustomStringConvertible {
  var description: String
}

enum Rows {
  /// One series `m` with `values` at times 0, 1, 2 … seconds.
  static func result(
    _ values: [Double], from first: Int = 0, statementID: Int = 0, partial: Bool = false
  ) -> StatementResult {
    let times = values.indices.map { Int64(first + $0) * 1_000_000_000 }
    return StatementResult(
      statementID: statementID,
      series: [
        ResultSeries(
          name: "m", columnNames: ["time", "v"],
          columns: [Column(.integer(times)), Column(.float(values))], hasTime: true,
          partial: partial)
      ], partial: partial)
  }
}

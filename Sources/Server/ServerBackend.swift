import Query
import TimeSeries
import Vigil

/// What the HTTP server needs of a database: ``Vigil/Database`` in the daemon, something simpler in
/// tests.
public protocol ServerBackend: Sendable {
  /// Parses and writes line protocol. May block; called on a thread that may.
  func write(
    lineProtocol: UnsafeRawBufferPointer, to database: String, retentionPolicy: String?,
    precision: TimestampPrecision
  ) throws -> WriteOutcome

  /// Runs every statement of `text` and hands results out as they come, on a thread that `emit` may
  /// block. Throws before the first result where the text does not parse. Stops when the task is
  /// cancelled or `emit` throws.
  func query(
    _ text: String, in database: String?, options: QueryOptions,
    emit: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws

  /// What is wrong at this moment. Quick, but asks the file system.
  func health() -> DatabaseHealth

  /// A text of an error without the names of the server's directories.
  func clientText(_ text: String) -> String

  /// Names of the databases, sorted.
  var databases: [String] { get }

  /// Hands out the stream of a backup (FORMAT.md), without the segments that are `known`, on a
  /// thread that `emit` may block. Stops when `emit` throws.
  func backup(
    _ database: String, except known: Set<String>,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws

  /// Hands out the newest version of a model, a model file (FORMAT.md), on a thread that `emit` may
  /// block. Stops when `emit` throws.
  func exportModel(
    _ name: String, from database: String,
    emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws

  /// Puts a model file into a database, by the name in the file where `name` is nil. May block.
  func importModel(
    _ bytes: [UInt8], as name: String?, into database: String
  ) throws -> ImportedModel
}

extension Database: ServerBackend {}

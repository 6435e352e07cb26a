import Query
import TimeSeries
import Vigil

/// What the shell talks to.
protocol ShellConnection: Sendable {
  /// For the greeting: what this is and where.
  func describe() async throws -> String

  /// Runs a statement.
  ///
  /// `deliver` gets results as they come; all but the last are partial, times are nanoseconds.
  /// `progress` is told how far a CREATE MODEL or RETRAIN MODEL is. A failing statement either
  /// gives a result with an error or throws. Cancelling the task stops the statement where it runs,
  /// and then this throws.
  func run(
    _ statement: String, target: ShellTarget?,
    progress: @escaping @Sendable (ModelProgress) -> Void,
    deliver: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws

  /// Writes a line of line protocol. Throws, with the reason, where it was not taken in.
  func write(line: String, to target: ShellTarget, precision: TimestampPrecision) async throws

  /// The newest version of a model, as a model file.
  func exportModel(_ name: String, from target: ShellTarget) async throws -> [UInt8]

  /// Puts a model file into a database, by the name in the file where `name` is nil.
  func importModel(
    _ bytes: [UInt8], as name: String?, into target: ShellTarget
  ) async throws -> ImportedModel

  func close() async throws
}

/// An error that says all in its text.
struct ConnectionError: Error, CustomStringConvertible {
  var description: String
}

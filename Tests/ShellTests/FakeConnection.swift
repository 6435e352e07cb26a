import Query
import Synchronization
import TimeSeries
import Vigil

@testable import Shell

/// Answers statements from a table, and keeps what it was asked.
final class FakeConnection: ShellConnection {
  enum Answer: Sendable {
    case results([StatementResult])
    case failure(String)
    /// Never answers, until it is cancelled.
    case hang
    case training([ModelProgress])
  }

  struct Write: Equatable {
    var line: String
    var target: ShellTarget
    var precision: TimestampPrecision
  }

  private let answers: [String: Answer]
  private let asked = Mutex<[String]>([])
  private let written = Mutex<[Write]>([])
  /// Told each time a statement begins to hang.
  let hanging = AsyncStream<Void>.makeStream()

  init(_ answers: [String: Answer] = [:]) { self.answers = answers }

  var statements: [String] { asked.withLock { $0 } }
  var writes: [Write] { written.withLock { $0 } }

  func describe() async throws -> String { "fake" }

  func run(
    _ statement: String, target: ShellTarget?,
    progress: @escaping @Sendable (ModelProgress) -> Void,
    deliver: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    let place = target.map { "\($0.database): " } ?? ""
    asked.withLock { $0.append(place + statement) }
    switch answers[statement] {
    case .results(let results): for result in results { try deliver(result) }
    case .failure(let message): throw ConnectionError(description: message)
    case .hang:
      hanging.continuation.yield()
      try await Task.sleep(for: .seconds(3600))
    case .training(let reports):
      for report in reports { progress(report) }
      try deliver(StatementResult(statementID: 0))
    case nil: try deliver(StatementResult(statementID: 0))
    }
  }

  func write(line: String, to target: ShellTarget, precision: TimestampPrecision) async throws {
    if line.contains("bad") { throw ConnectionError(description: "unable to parse '\(line)'") }
    written.withLock { $0.append(Write(line: line, target: target, precision: precision)) }
  }

  func exportModel(_ name: String, from target: ShellTarget) async throws -> [UInt8] {
    guard name != "bad" else { throw ConnectionError(description: "model not found: bad") }
    return Array("\(name) of \(target.database)".utf8)
  }

  /// What was imported shows in the name of the model.
  func importModel(
    _ bytes: [UInt8], as name: String?, into target: ShellTarget
  ) async throws -> ImportedModel {
    let text = String(decoding: bytes, as: UTF8.self)
    return ImportedModel(
      name: "\(name ?? "-") from \(text) into \(target.database)", version: 2, groups: 0, shared: 0
    )
  }

  func close() async throws {}
}

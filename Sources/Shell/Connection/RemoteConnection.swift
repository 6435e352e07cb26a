import Foundation
import Query
import TimeSeries
import Vigil

/// A server that speaks the InfluxDB 1.x HTTP API: Vigil's, or InfluxDB's own.
package struct RemoteConnection: ShellConnection {
  private let transport: any InfluxTransport
  /// Between two looks at the progress of a training.
  private let pollInterval: Duration

  private static let chunkSize = 10_000
  /// Bytes of one chunk of an answer.
  private static let chunkLimit = 1 << 30
  /// Seconds for the small requests beside a running one.
  private static let sideTimeout = 5.0

  init(transport: any InfluxTransport, pollInterval: Duration = .milliseconds(500)) {
    self.transport = transport
    self.pollInterval = pollInterval
  }

  package init(_ server: ServerAddress) throws {
    self.init(transport: try HTTPTransport(server))
  }

  func describe() async throws -> String {
    let response = try await transport.send(
      InfluxRequest(method: .get, path: "/ping", timeout: Self.sideTimeout)
    ) { _ in }
    return transport.address + (response.version.map { ", version \($0)" } ?? "")
  }

  func run(
    _ statement: String, target: ShellTarget?,
    progress: @escaping @Sendable (ModelProgress) -> Void,
    deliver: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    let started = ContinuousClock.now
    let watcher = ModelStatement(statement).map { model in
      Task { await watch(model, target: target, progress: progress) }
    }
    defer { watcher?.cancel() }
    do {
      try await query(statement, target: target, timeout: nil, deliver: deliver)
      try Task.checkCancellation()
    } catch {
      if Task.isCancelled {
        let elapsed = started.duration(to: .now) / .seconds(1)
        // A task of its own, since this one is cancelled and so would be its requests.
        await Task { await kill(statement, elapsed: elapsed) }.value
      }
      throw error
    }
  }

  func write(line: String, to target: ShellTarget, precision: TimestampPrecision) async throws {
    var parameters = [
      InfluxRequest.Parameter("db", target.database),
      .init("precision", precision.shortName),
    ]
    if let policy = target.retentionPolicy { parameters.append(.init("rp", policy)) }
    _ = try await exchange(
      InfluxRequest(
        method: .post, path: "/write", parameters: parameters, body: Array(line.utf8)))
  }

  func exportModel(_ name: String, from target: ShellTarget) async throws -> [UInt8] {
    try await exchange(
      InfluxRequest(
        method: .get, path: "/model",
        parameters: [.init("db", target.database), .init("name", name)]))
  }

  func importModel(
    _ bytes: [UInt8], as name: String?, into target: ShellTarget
  ) async throws -> ImportedModel {
    var parameters = [InfluxRequest.Parameter("db", target.database)]
    if let name { parameters.append(.init("name", name)) }
    let answer = try await exchange(
      InfluxRequest(method: .post, path: "/model", parameters: parameters, body: bytes))
    guard let model = try? JSONDecoder().decode(ImportedModel.self, from: Data(answer)) else {
      throw ConnectionError(description: "\(transport.address): not an answer to an import")
    }
    return model
  }

  /// The body of an answer that is a success; throws what the server says where it is none.
  private func exchange(_ request: InfluxRequest) async throws -> [UInt8] {
    var body: [UInt8] = []
    let response = try await transport.send(request) { part in
      guard body.count + part.count <= Self.chunkLimit else {
        throw ConnectionError(
          description: "\(transport.address): an answer of more than \(Self.chunkLimit) bytes")
      }
      body += part
    }
    guard response.status >= 300 else { return body }
    // The error is JSON; decoding throws it.
    if !body.isEmpty { _ = try InfluxResponseDecoder.decode(body) }
    throw ConnectionError(description: "\(transport.address): HTTP status \(response.status)")
  }

  package func close() async throws { try await transport.close() }

  private func query(
    _ statement: String, target: ShellTarget?, timeout: Double?,
    deliver: (StatementResult) throws -> Void
  ) async throws {
    var request = InfluxRequest(method: .post, path: "/query", timeout: timeout)
    if let target {
      request.parameters.append(.init("db", target.database))
      if let policy = target.retentionPolicy { request.parameters.append(.init("rp", policy)) }
    }
    request.parameters += [
      .init("epoch", "ns"), .init("chunked", "true"), .init("chunk_size", "\(Self.chunkSize)"),
    ]
    request.form = [.init("q", statement)]
    // Times come as numbers, so the statements say which clock they are shown on.
    let zones = (try? Parser.parse(statement))?.map { statement -> ZoneClock? in
      if case .select(let select) = statement, select.into == nil {
        try? select.clock()
      } else {
        nil
      }
    }
    // In a chunked answer each document is a line.
    var buffer = LineBuffer(limit: Self.chunkLimit)
    var hasAnswer = false
    func take(_ document: [UInt8]) throws {
      // Much may have come already, and a document takes a while to read.
      try Task.checkCancellation()
      hasAnswer = true
      for var result in try InfluxResponseDecoder.decode(document) {
        if let zones, zones.indices.contains(result.statementID),
          let zone = zones[result.statementID]
        {
          for index in result.series.indices { result.series[index].zone = zone }
        }
        try deliver(result)
      }
    }
    let response = try await transport.send(request) { part in
      for document in try buffer.add(part) { try take(document) }
    }
    if let document = buffer.finish() { try take(document) }
    if response.status >= 300 || !hasAnswer {
      throw ConnectionError(description: "\(transport.address): HTTP status \(response.status)")
    }
  }

  /// All series of a small statement. Throws what the server refuses, and where it does not answer
  /// within some seconds.
  package func series(
    _ statement: String, in target: ShellTarget? = nil
  ) async throws -> [ResultSeries] {
    var merger = ResultMerger()
    try await query(statement, target: target, timeout: Self.sideTimeout) { merger.add($0) }
    if let error = merger.result?.error { throw ConnectionError(description: error) }
    return merger.result?.series ?? []
  }

  /// Reports the progress of a training until it is cancelled. A look that fails is skipped: the
  /// statement itself tells what is wrong.
  private func watch(
    _ model: ModelStatement, target: ShellTarget?, progress: (ModelProgress) -> Void
  ) async {
    let database = model.database ?? target?.database
    let statement = "SHOW MODELS" + (database.map { " ON " + Self.quoted($0) } ?? "")
    while (try? await Task.sleep(for: pollInterval)) != nil {
      guard let series = try? await series(statement), !Task.isCancelled else { continue }
      let reports = series.flatMap(\.rowsByName).compactMap { ModelProgress($0, of: model.model) }
      if let report = reports.first { progress(report) }
    }
  }

  /// Stops a statement at the server; one that has ended meanwhile, or a server without these
  /// statements, needs nothing.
  private func kill(_ statement: String, elapsed: Double) async {
    guard let series = try? await series("SHOW QUERIES") else { return }
    let queries = series.flatMap(\.rowsByName).compactMap(RunningQuery.init)
    guard let query = RunningQuery.find(statement, elapsed: elapsed, among: queries) else { return }
    _ = try? await self.series("KILL QUERY \(query.id)")
  }

  package static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

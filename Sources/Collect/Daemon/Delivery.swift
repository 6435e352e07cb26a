import Logging

/// The way to the server: spool, sender, connection.
struct Delivery: Sendable {
  let sender: Sender
  private let transport: HTTPTransport

  /// - Throws: ``WriteTargetError``, ``SpoolError``.
  init(_ server: CollectSettings.Server, logger: Logger) throws {
    // The spool first: a transport that was made would have to be closed.
    let spool = try Spool(directory: server.spool, byteLimit: server.spoolLimit)
    transport = try HTTPTransport(
      server.target, userAgent: "vigil-collect/\(Collector.version)")
    sender = Sender(
      spool: spool,
      transport: server.createsDatabase ? DatabaseCreatingTransport(transport) : transport,
      logger: logger)
  }

  /// What is not sent by then stays in the spool.
  func stop(within grace: Duration) async {
    await sender.stop(within: grace)
    // It has no connection then that could be lost.
    try? await transport.close()
  }
}

/// Creates the database before the first write, and where it is gone.
private actor DatabaseCreatingTransport: Transport {
  private let transport: HTTPTransport
  private var isCreated = false

  init(_ transport: HTTPTransport) { self.transport = transport }

  func send(_ body: [UInt8]) async throws -> WriteAnswer {
    if !isCreated {
      try await transport.createDatabase()
      isCreated = true
    }
    let answer = try await transport.send(body)
    if answer.status == 404 { isCreated = false }
    return answer
  }
}

import Logging
import Server
import ServiceLifecycle

/// Runs a server on a free port while a test talks to it.
enum TestServer {
  static func run(
    _ backend: any ServerBackend = FakeBackend(), configuration: ServerConfiguration = .init(),
    _ body: @Sendable @escaping (TestClient) async throws -> Void
  ) async throws {
    try await run(backend, configuration: configuration) { client, _ in try await body(client) }
  }

  /// `body` is also given the group, to shut the server down.
  static func run(
    _ backend: any ServerBackend, configuration: ServerConfiguration = .init(),
    _ body: @Sendable @escaping (TestClient, ServiceGroup) async throws -> Void
  ) async throws {
    var configuration = configuration
    configuration.port = 0
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let server = VigilServer(backend: backend, configuration: configuration, logger: logger) {
      listening.yield($1)
      listening.finish()
    }
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await port in ports {
        do {
          try await body(TestClient(port: port), group)
        } catch {
          await group.triggerGracefulShutdown()
          throw error
        }
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }
}

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The HTTP server: InfluxDB 1.x's interface to a database.
///
///     let server = VigilServer(backend: database)
///     try await server.run()  // until graceful shutdown
///
/// On graceful shutdown (of the ServiceGroup it runs in) it takes no more connections, lets the
/// requests that run finish, and returns. Cancelling it ends them.
public struct VigilServer: Service {
  public let configuration: ServerConfiguration
  private let backend: any ServerBackend
  private let logger: Logger
  private let onListening: @Sendable (_ host: String, _ port: Int) -> Void

  /// - Parameter onListening: told once where the server listens; the port is the real one where
  ///   the configuration says 0.
  public init(
    backend: any ServerBackend, configuration: ServerConfiguration = .init(),
    logger: Logger = Logger(label: "vigil.server"),
    onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void = { _, _ in }
  ) {
    self.backend = backend
    self.configuration = configuration
    self.logger = logger
    self.onListening = onListening
  }

  /// Serves until shut down. Throws IOError where the address cannot be bound.
  public func run() async throws {
    let writers = NIOThreadPool(numberOfThreads: configuration.writeThreads)
    // What clients bring in that takes long to take apart: writes do not wait for it.
    let importers = NIOThreadPool(numberOfThreads: configuration.maximumModels)
    writers.start()
    importers.start()
    let result: Result<Void, any Error>
    do {
      try await application(writers: writers, importers: importers).run()
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try await writers.shutdownGracefully()
    try await importers.shutdownGracefully()
    try result.get()
  }

  private func application(
    writers: NIOThreadPool, importers: NIOThreadPool
  ) -> Application<ServerResponder> {
    let memory = BodyMemory(
      total: configuration.bodyMemoryBytes, share: configuration.bodyMemoryShare)
    let bodyLimit = configuration.bodyLimit
    let written = BodyReader(limit: bodyLimit, memory: memory, threadPool: writers)
    let imported = BodyReader(limit: bodyLimit, memory: memory, threadPool: importers)
    let responder = ServerResponder(
      write: WriteRoute(backend: backend, bodyReader: written),
      query: QueryRoute(
        backend: backend, bodyReader: imported, lanes: QueryLanes(configuration)),
      backup: BackupRoute(
        backend: backend, bodyReader: imported,
        backups: SharedCapacity(total: configuration.maximumBackups)),
      model: ModelRoute(
        backend: backend, bodyReader: imported,
        sent: SharedCapacity(total: configuration.maximumModels)))
    let connections = OpenConnections(limit: configuration.maximumConnections)
    let host = configuration.host
    let configuredPort = configuration.port
    // The framework reports each start of the server and each broken connection; what matters of
    // that is logged here.
    var frameworkLogger = logger
    frameworkLogger.logLevel = max(logger.logLevel, .warning)
    return Application(
      responder: responder,
      server: HTTPServerBuilder { [configuration] responder in
        LoopBoundChannel(
          base: HTTP1Channel(
            responder: responder,
            configuration: .init(
              additionalChannelHandlers: [ConnectionWatcher(maximumBodyBytes: bodyLimit)],
              idleTimeout: .seconds(Int64(configuration.idleTimeoutSeconds)))),
          requestTimeout: .nanoseconds(Int64(configuration.requestTimeoutSeconds * 1e9)),
          responseTimeout: .nanoseconds(Int64(configuration.responseTimeoutSeconds * 1e9)),
          connections: connections)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: configuredPort),
        availableConnectionsDelegate: ConnectionLimit(connections: connections)),
      onServerRunning: { [onListening, logger] channel in
        await AcceptPause.add(to: channel, connections: connections, logger: logger)
        onListening(host, channel.localAddress?.port ?? configuredPort)
      },
      logger: frameworkLogger)
  }
}

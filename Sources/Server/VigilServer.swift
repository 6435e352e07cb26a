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
    let threadPool = NIOThreadPool(numberOfThreads: configuration.writeThreads)
    threadPool.start()
    let result: Result<Void, any Error>
    do {
      try await application(threadPool).run()
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try await threadPool.shutdownGracefully()
    try result.get()
  }

  private func application(_ threadPool: NIOThreadPool) -> Application<ServerResponder> {
    let bodyReader = BodyReader(
      limit: configuration.bodyLimit,
      memory: WeightedSemaphore(total: configuration.bodyMemoryBytes))
    let responder = ServerResponder(
      write: WriteRoute(backend: backend, bodyReader: bodyReader, threadPool: threadPool),
      query: QueryRoute(
        backend: backend, bodyReader: bodyReader,
        permits: WeightedSemaphore(total: configuration.maximumQueries)),
      backup: BackupRoute(
        backend: backend, bodyReader: bodyReader,
        permits: WeightedSemaphore(total: configuration.maximumBackups)),
      model: ModelRoute(backend: backend, bodyReader: bodyReader, threadPool: threadPool))
    let bodyLimit = configuration.bodyLimit
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
              idleTimeout: .seconds(Int64(configuration.idleTimeoutSeconds)))))
      },
      configuration: ApplicationConfiguration(address: .hostname(host, port: configuredPort)),
      onServerRunning: { [onListening] channel in
        onListening(host, channel.localAddress?.port ?? configuredPort)
      },
      logger: frameworkLogger)
  }
}

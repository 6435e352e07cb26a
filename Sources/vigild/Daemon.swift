import Foundation
import Logging
import NIOCore
import Server
import ServiceLifecycle
import Vigil

/// Opens the store, serves it until SIGTERM or SIGINT, and closes it.
struct Daemon {
  let options: DaemonOptions

  /// Returns once everything that was acknowledged is in the store and the store is closed.
  func run() async throws {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    var logger = Logger(label: "vigild")
    logger.logLevel = options.logLevel

    let database = try Database.open(
      at: options.data, configuration: options.database(logger: logger))
    let result: Result<Void, any Error>
    do {
      try await serve(database, logger: logger)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try database.close()
    try result.get()
    logger.info("closed", metadata: ["data": "\(options.data)"])
  }

  private func serve(_ database: Database, logger: Logger) async throws {
    let server = VigilServer(
      backend: database, configuration: options.server, logger: logger
    ) { host, port in
      // On standard output, and at once, so that a script that started us can read the port.
      print("listening on http://\(ListenAddress(host: host, port: port))")
      fflush(nil)
    }
    // What the group reports is that it starts and stops; what goes wrong it throws.
    var groupLogger = logger
    groupLogger.logLevel = max(logger.logLevel, .critical)
    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
        // The last is the first to be told of a shutdown.
        .init(service: TrainingStopper(database: database)),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
    configuration.maximumGracefulShutdownDuration = .seconds(options.shutdownTimeout)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
      throw CannotListen(
        address: options.listen, reason: String(cString: strerror(error.errnoCode)))
    } catch {
      throw CannotListen(address: options.listen, reason: "\(error)")
    }
  }

  /// A training would keep the shutdown waiting for its whole bound, and could not be kept anyway.
  private struct TrainingStopper: Service {
    let database: Database

    func run() async throws {
      try await gracefulShutdown()
      database.cancelTrainings()
    }
  }

  private struct CannotListen: Error, CustomStringConvertible {
    var address: ListenAddress
    var reason: String
    var description: String { "cannot listen on \(address): \(reason)" }
  }
}

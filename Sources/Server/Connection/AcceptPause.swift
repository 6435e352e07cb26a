import Glibc
import Logging
import NIOCore

/// Pauses accepting while the process has no descriptor for another connection. The socket stays
/// readable then, so that the event loop would do nothing but fail.
///
/// Stands first in the pipeline of the listening socket.
final class AcceptPause: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never

  private static let pauseLength = TimeAmount.milliseconds(200)
  /// An error is logged no more often than that.
  private static let logInterval = TimeAmount.seconds(10)

  private let connections: OpenConnections
  private let logger: Logger
  private var isPaused = false
  private var lastLogged: NIODeadline?

  init(connections: OpenConnections, logger: Logger) {
    self.connections = connections
    self.logger = logger
  }

  static func add(to listening: any Channel, connections: OpenConnections, logger: Logger) async {
    // A socket that is closed already accepts nothing.
    try? await listening.eventLoop.submit {
      try listening.pipeline.syncOperations.addHandler(
        AcceptPause(connections: connections, logger: logger), position: .first)
    }.get()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch (error as? IOError)?.errnoCode {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause(context, error)
    // The client is gone already.
    case ECONNABORTED: break
    default: context.fireErrorCaught(error)
    }
  }

  private func pause(_ context: ChannelHandlerContext, _ error: any Error) {
    guard !isPaused else { return }
    isPaused = true
    // One that nobody needs makes room.
    connections.closeOldest()
    let now = NIODeadline.now()
    if lastLogged.map({ now - $0 >= Self.logInterval }) ?? true {
      lastLogged = now
      logger.warning("cannot accept connections", metadata: ["error": "\(error)"])
    }
    setAutoRead(context, false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.pauseLength) {
      self.isPaused = false
      self.setAutoRead(context, true)
    }
  }

  private func setAutoRead(_ context: ChannelHandlerContext, _ value: Bool) {
    try? context.channel.syncOptions?.setOption(.autoRead, value: value)
  }

  func read(context: ChannelHandlerContext) {
    if !isPaused { context.read() }
  }
}

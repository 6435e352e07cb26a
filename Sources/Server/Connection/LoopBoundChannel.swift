import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypesHTTP1

/// Connections whose requests are handled on the connection's event loop
/// (``EventLoopTaskExecutor``), and that end where their client does not go on.
struct LoopBoundChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  /// How long a request may take to arrive, and a response to make progress.
  let requestTimeout: TimeAmount
  let responseTimeout: TimeAmount
  let connections: OpenConnections

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      try TCPKeepAlive.enable(on: channel)
      let pipeline = channel.pipeline.syncOperations
      let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
      let probe = ClientProbe()
      try pipeline.addHandler(probe, position: .first)
      try pipeline.addHandlers(
        [
          RequestTimeout(timeout: requestTimeout), ResponseTimeout(timeout: responseTimeout),
          ConnectionEnding(probe: probe, connections: connections),
        ], position: .before(codec))
      return value
    }
  }

  func handle(value: Base.Value, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopTaskExecutor(value.channel.eventLoop)) {
      await base.handle(value: value, logger: logger)
    }
  }
}

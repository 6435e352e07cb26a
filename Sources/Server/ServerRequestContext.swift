import Hummingbird
import Logging
import NIOCore

/// What a route knows of a request beyond the request: the connection it came on.
struct ServerRequestContext: InitializableFromSource {
  let channel: any Channel
  let logger: Logger

  /// Whom the request is from.
  var client: ClientAddress { ClientAddress(channel.remoteAddress) }

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
    logger = source.logger
  }
}

import Hummingbird
import Logging
import NIOCore

/// What a route knows of a request beyond the request: the connection it came on.
struct ServerRequestContext: InitializableFromSource {
  let channel: any Channel
  let logger: Logger

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
    logger = source.logger
  }
}

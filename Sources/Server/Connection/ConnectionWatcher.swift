import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Sees two things of a connection that the request handlers do not: that the client is gone, and
/// that it waits for `100 Continue` before it sends a body.
///
/// A client that has closed its sending side alone is not gone: ``ClientProbe`` finds out which it is,
/// and ends the connection of one that is.
final class ConnectionWatcher: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundOut = HTTPResponsePart

  private let maximumBodyBytes: Int
  private var isGone = false
  private var onGone: (@Sendable () -> Void)?

  init(maximumBodyBytes: Int) { self.maximumBodyBytes = maximumBodyBytes }

  /// Calls `action` once the client of `channel` is gone, in place of the action before; nil for
  /// none.
  static func onClientGone(of channel: any Channel, _ action: (@Sendable () -> Void)?) async throws
  {
    @Sendable func set() throws {
      try channel.pipeline.syncOperations.handler(type: Self.self).set(action)
    }
    if channel.eventLoop.inEventLoop {
      try set()
    } else {
      try await channel.eventLoop.submit(set).get()
    }
  }

  private func set(_ action: (@Sendable () -> Void)?) {
    onGone = action
    if isGone { action?() }
  }

  private func clientIsGone() {
    isGone = true
    onGone?()
    onGone = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data), head.headerFields[.expect] != nil,
      (head.headerFields[.contentLength].map { Int($0) ?? .max } ?? 0) <= maximumBodyBytes
    {
      let informational = HTTPResponsePart.head(HTTPResponse(status: .continue))
      context.writeAndFlush(wrapOutboundOut(informational), promise: nil)
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clientIsGone()
    context.fireChannelInactive()
  }
}

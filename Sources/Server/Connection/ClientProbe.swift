import NIOCore

/// Finds out whether a client that has closed its sending side still waits for its response.
///
/// A client that shuts down one direction (`nc -N`, `printf … | nc`) and one that closed its socket
/// send the same segment, and only a segment from here makes the second one answer with a reset. So
/// the first bytes of the status line, which are the same in every response, are sent early, one at
/// a time at growing intervals, and left out when the response is written.
///
/// Stands between the socket and the encoder.
final class ClientProbe: ChannelOutboundHandler {
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  /// What `HTTP/1.0` and `HTTP/1.1` have in common.
  private static let prefix = Array("HTTP/1.".utf8)
  private static let firstDelay = TimeAmount.milliseconds(100)

  private var context: ChannelHandlerContext?
  private var sentBytes = 0
  private var delay = ClientProbe.firstDelay
  private var timer: Scheduled<Void>?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
    self.context = nil
  }

  /// Probes until ``end()``. A response is due of which nothing is written.
  func begin() {
    guard timer == nil else { return }
    delay = Self.firstDelay
    schedule()
  }

  func end() {
    timer?.cancel()
    timer = nil
  }

  private func schedule() {
    guard let context, sentBytes < Self.prefix.count else { return }
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.probe() }
    delay = delay * 4
  }

  private func probe() {
    timer = nil
    guard let context, context.channel.isActive else { return }
    let byte = ByteBuffer(bytes: [Self.prefix[sentBytes]])
    sentBytes += 1
    context.writeAndFlush(wrapOutboundOut(.byteBuffer(byte)), promise: nil)
    schedule()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard sentBytes > 0, case .byteBuffer(var bytes) = unwrapOutboundIn(data) else {
      return context.write(data, promise: promise)
    }
    // The first write of a response is its status line, in one piece.
    bytes.moveReaderIndex(forwardBy: min(sentBytes, bytes.readableBytes))
    sentBytes = 0
    context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
  }
}

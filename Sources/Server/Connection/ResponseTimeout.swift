import NIOCore

/// Closes a connection whose client reads nothing of its response for the timeout, which also ends
/// the work behind the response.
final class ResponseTimeout: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  /// Looks per timeout.
  private static let looks: Int64 = 4

  private let timeout: TimeAmount
  private var timer: Scheduled<Void>?
  private var bufferedBytes = 0
  private var looksWithoutProgress: Int64 = 0

  init(timeout: TimeAmount) { self.timeout = timeout }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      stop()
    } else if timer == nil {
      bufferedBytes = Self.bufferedBytes(of: context.channel)
      looksWithoutProgress = 0
      schedule(context)
    }
    context.fireChannelWritabilityChanged()
  }

  private func schedule(_ context: ChannelHandlerContext) {
    let interval = TimeAmount.nanoseconds(max(timeout.nanoseconds / Self.looks, 1))
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.look(context) }
  }

  private func look(_ context: ChannelHandlerContext) {
    let bytes = Self.bufferedBytes(of: context.channel)
    looksWithoutProgress = bytes == bufferedBytes ? looksWithoutProgress + 1 : 0
    bufferedBytes = bytes
    guard looksWithoutProgress >= Self.looks else { return schedule(context) }
    stop()
    context.close(promise: nil)
  }

  /// Bytes that the socket has not taken yet.
  private static func bufferedBytes(of channel: any Channel) -> Int {
    (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    timer?.cancel()
    timer = nil
  }
}

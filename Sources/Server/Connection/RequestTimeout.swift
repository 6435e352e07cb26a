import NIOCore
import NIOHTTP1

/// Ends requests that do not arrive: the head has to be complete within the timeout of its first
/// byte, and a body has to make progress in each timeout. Time in which the server itself does not
/// read, because it has no room for the body, does not count.
///
/// Fires ``RequestTimedOut`` once; who reads the request then gets it as an error.
final class RequestTimeout: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Awaited {
    case nothing
    case head(since: NIODeadline)
    case body(bytes: Int)
  }

  /// Bytes of a body that are progress: a client that sends fewer in a timeout is ended as well, or
  /// it could hold its room for as long as it likes.
  static let progressBytes = 16 << 10
  /// Reads that follow one another faster than this are one.
  private static let pause = TimeAmount.milliseconds(100)

  private let timeout: TimeAmount
  private var awaited = Awaited.nothing
  private var sawPart = false
  private var readsNow = true
  private var readCompleted = NIODeadline.now()
  /// Whether the server stopped reading since the timer was set.
  private var paused = false
  private var timer: Scheduled<Void>?

  init(timeout: TimeAmount) { self.timeout = timeout }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    sawPart = true
    switch unwrapInboundIn(data) {
    case .head: awaited = .body(bytes: 0)
    case .body(let bytes):
      if case .body(let count) = awaited { awaited = .body(bytes: count + bytes.readableBytes) }
    case .end: awaited = .nothing
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    readsNow = false
    switch awaited {
    // Bytes came and no part did, so they are of a head.
    case .nothing where !sawPart: awaited = .head(since: .now())
    case .body: readCompleted = .now()
    case .nothing, .head: break
    }
    sawPart = false
    setTimer(context)
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if case .body = awaited, !readsNow, .now() - readCompleted > Self.pause { paused = true }
    readsNow = true
    context.read()
  }

  private func setTimer(_ context: ChannelHandlerContext) {
    if case .nothing = awaited { return }
    guard timer == nil else { return }
    paused = false
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      self.timer = nil
      self.check(context)
    }
  }

  private func check(_ context: ChannelHandlerContext) {
    switch awaited {
    case .nothing: return
    case .head(let start) where .now() - start < timeout: break
    case .body(let bytes) where bytes >= Self.progressBytes || paused || !readsNow:
      awaited = .body(bytes: 0)
    case .head, .body:
      awaited = .nothing
      return context.fireErrorCaught(RequestTimedOut())
    }
    setTimer(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Nothing more will come; a request that is not whole is the decoder's to report.
    if case .some(.inputClosed) = event as? ChannelEvent { stop() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    awaited = .nothing
    timer?.cancel()
    timer = nil
  }
}

/// A request did not arrive in time.
struct RequestTimedOut: Error {}

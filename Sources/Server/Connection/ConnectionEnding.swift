import HTTPTypes
import NIOCore
import NIOHTTP1
import Vigil

/// Decides which response is the last of its connection, and ends the connection after it in such a
/// way that the client can read it.
///
/// A response is the last where the request said `Connection: close` or was HTTP/1.0, where the
/// server said so, and where it is written before its request is here: what is left of that is not
/// worth waiting for. Then this side is closed, what the client still sends is dropped for a bounded
/// time, as closing at once would reset the connection and lose the response, and then all of it is
/// closed.
///
/// Also answers what never became a request, and gives HTTP/1.0 responses to HTTP/1.0 requests.
/// Stands between the decoder and the types of HTTPTypes.
final class ConnectionEnding: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    case open
    /// The last response is being written.
    case lastResponse
    /// This side is closed; what comes is dropped.
    case draining
  }

  private struct Pending {
    var isHTTP10: Bool
    var isKeptAlive: Bool
  }

  /// Bytes of bodies that are dropped after the last response.
  private static let drainedBytesLimit = 256 << 20
  /// The longest that is waited for the client to close its side, and for it to send anything.
  private static let drainLimit = TimeAmount.seconds(10)
  private static let drainIdleLimit = TimeAmount.seconds(2)

  private let probe: ClientProbe
  private let connections: OpenConnections
  /// This connection among the idle ones.
  private var idleNumber: UInt64?
  private var state = State.open
  /// Requests whose responses are not written, oldest first.
  private var pending = CircularBuffer<Pending>(initialCapacity: 1)
  private var isReadingRequest = false
  private var acceptsRequests = true
  private var inputIsClosed = false
  private var drainedBytes = 0
  private var drainTimer: Scheduled<Void>?

  init(probe: ClientProbe, connections: OpenConnections) {
    self.probe = probe
    self.connections = connections
  }

  func channelActive(context: ChannelHandlerContext) {
    idleNumber = connections.isIdle(context.channel)
    context.fireChannelActive()
  }

  private func isNotIdle() {
    if let number = idleNumber { connections.isNotIdle(number) }
    idleNumber = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if state == .draining {
      if case .body(let bytes) = part { drainedBytes += bytes.readableBytes }
      return
    }
    guard acceptsRequests || isReadingRequest else { return }
    switch part {
    case .head(let head):
      isNotIdle()
      isReadingRequest = true
      let isHTTP10 = head.version == .http1_0
      acceptsRequests = head.isKeepAlive && !isHTTP10
      pending.append(Pending(isHTTP10: isHTTP10, isKeptAlive: acceptsRequests))
    case .body: break
    case .end: isReadingRequest = false
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    guard state == .draining else { return }
    if drainedBytes > Self.drainedBytesLimit {
      context.close(promise: nil)
    } else {
      context.read()
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard state != .draining else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head):
      let request = pending.first
      let isHTTP10 = request?.isHTTP10 ?? false
      if head.status.isInformational {
        // HTTP/1.0 has none of these.
        if isHTTP10 { promise?.succeed() } else { context.write(data, promise: promise) }
        return
      }
      probe.end()
      let isOnly = pending.count <= 1
      if request?.isKeptAlive == false || (isOnly && isReadingRequest)
        || head.headers[canonicalForm: "connection"].contains("close")
      {
        state = .lastResponse
        head.headers.replaceOrAdd(name: "connection", value: "close")
      }
      head.version = isHTTP10 ? .http1_0 : .http1_1
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      if !pending.isEmpty { pending.removeFirst() }
      guard state == .lastResponse else {
        context.write(data, promise: promise)
        if pending.isEmpty {
          idleNumber = connections.isIdle(context.channel)
        } else if inputIsClosed {
          probe.begin()
        }
        return
      }
      let written = promise ?? context.eventLoop.makePromise(of: Void.self)
      written.futureResult.assumeIsolated().whenComplete { result in
        if case .success = result { self.drain(context) } else { context.close(promise: nil) }
      }
      context.writeAndFlush(data, promise: written)
    }
  }

  /// Writes a response to what never became a request.
  private func refuse(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ message: String
  ) {
    let body = ByteBuffer(bytes: ResultJSONEncoder.encode(error: message, isPretty: false))
    let headers: HTTPHeaders = [
      "content-type": "application/json", "content-length": "\(body.readableBytes)",
      "connection": "close",
    ]
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
    write(context: context, data: wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func drain(_ context: ChannelHandlerContext) {
    guard context.channel.isActive, state != .draining else { return }
    state = .draining
    context.close(mode: .output, promise: nil)
    guard !inputIsClosed else { return context.close(promise: nil) }
    watch(context, until: .now() + Self.drainLimit)
    context.read()
  }

  private func watch(_ context: ChannelHandlerContext, until deadline: NIODeadline) {
    let before = drainedBytes
    drainTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.drainIdleLimit) {
      if self.drainedBytes == before || .now() >= deadline {
        context.close(promise: nil)
      } else {
        self.watch(context, until: deadline)
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard state == .open else { return }
    guard acceptsRequests || isReadingRequest else { return }
    guard pending.isEmpty, let refusal = ErrorResponse(requestError: error) else {
      // Who reads the request answers.
      return context.fireErrorCaught(error)
    }
    acceptsRequests = false
    refuse(
      context, HTTPResponseStatus(statusCode: refusal.status.code), refusal.message)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent {
      inputIsClosed = true
      if state == .draining { return context.close(promise: nil) }
      if state == .open, !pending.isEmpty { probe.begin() }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    drainTimer?.cancel()
    drainTimer = nil
    probe.end()
    isNotIdle()
  }
}

extension HTTPResponseStatus {
  fileprivate var isInformational: Bool { (100..<200).contains(code) && code != 101 }
}

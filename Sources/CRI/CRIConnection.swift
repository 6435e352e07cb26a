import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Synchronization

/// Calls to a container runtime over its CRI socket (Kubernetes' runtime.v1).
///
/// A runtime that went away is connected to again at the next call, at most about once a second;
/// calls in between fail at once.
package final class CRIConnection: Sendable {
  package typealias Service = Runtime_V1_RuntimeService.Client<HTTP2ClientTransport.Posix>

  /// The path of the socket.
  package let socket: String
  private let timeout: Duration
  private let present: Mutex<(link: CRILink, calls: Int)>

  /// A server in Go sends a ping for each call to estimate the bandwidth, and NIO closes a connection
  /// that has had 200 pings within half a minute, failing the call of the moment
  /// (swift-nio-http2's `controlFrameRateLimit`).
  private static let callsPerLink = 100
  private static let options: CallOptions = {
    // Bytes of one answer, as kubelet and containerd bound them.
    let maximumAnswer = 16 << 20
    var options = CallOptions.defaults
    options.maxResponseMessageBytes = maximumAnswer
    // grpc-swift-nio-transport 2.9 bounds answers by what is set for requests.
    options.maxRequestMessageBytes = maximumAnswer
    return options
  }()
  /// What `sun_path` of unix(7) holds beside the zero at its end.
  private static let maximumPath = 107

  /// - Parameters:
  ///   - endpoint: the socket's path, or its URL: `unix:///run/containerd/containerd.sock`.
  ///   - timeout: how long a call may take, connecting included.
  /// Throws ``CRIFailure``.
  package init(endpoint: String, timeout: Duration = .seconds(10)) throws {
    let scheme = "unix://"
    let path = endpoint.hasPrefix(scheme) ? String(endpoint.dropFirst(scheme.count)) : endpoint
    guard !path.isEmpty, !path.contains("://"), !path.utf8.contains(0),
      path.utf8.count <= Self.maximumPath
    else { throw CRIFailure.notASocket(endpoint: endpoint) }
    socket = path
    self.timeout = timeout
    present = Mutex((try CRILink(path: path), 0))
  }

  /// Makes one call with an answer of one message; throws ``CRIFailure``, or `CancellationError` if
  /// the task was cancelled.
  ///
  /// - Parameters:
  ///   - name: the call's name, for errors.
  ///   - timeout: nil for the connection's own.
  package func call<Output: Sendable>(
    _ name: String, timeout: Duration? = nil,
    _ body: (Service, CallOptions) async throws -> Output
  ) async throws -> Output {
    let limit = timeout ?? self.timeout
    var options = Self.options
    options.timeout = limit
    let link = try nextLink()
    defer { withExtendedLifetime(link) {} }
    do {
      return try await body(Service(wrapping: link.client), options)
    } catch {
      throw failure(error, of: name, limit: limit)
    }
  }

  /// Hands over the runtime's events as they come, on a link of their own, until it ends the stream;
  /// throws as ``call(_:timeout:_:)`` does.
  package func events(
    _ handle: @Sendable @escaping (Runtime_V1_ContainerEventResponse) -> Void
  ) async throws {
    let link = try CRILink(path: socket)
    defer { withExtendedLifetime(link) {} }
    do {
      try await Service(wrapping: link.client).getContainerEvents(
        Runtime_V1_GetEventsRequest(), options: Self.options
      ) { response in
        for try await event in response.messages { handle(event) }
      }
    } catch {
      throw failure(error, of: "GetContainerEvents", limit: timeout)
    }
  }

  private func nextLink() throws -> CRILink {
    try present.withLock { present in
      if present.calls == Self.callsPerLink { present = (try CRILink(path: socket), 0) }
      present.calls += 1
      return present.link
    }
  }

  private func failure(_ error: any Error, of call: String, limit: Duration) -> any Error {
    guard !Task.isCancelled else { return CancellationError() }
    guard let error = error as? RPCError else {
      return CRIFailure.failed(
        socket: socket, call: call, code: "transport", reason: "\(error)")
    }
    switch error.code {
    case .unavailable:
      return CRIFailure.unreachable(
        socket: socket, call: call, reason: error.cause.map { "\($0)" } ?? error.message)
    case .deadlineExceeded: return CRIFailure.timedOut(socket: socket, call: call, after: limit)
    case .unimplemented: return CRIFailure.unimplemented(socket: socket, call: call)
    default:
      return CRIFailure.failed(
        socket: socket, call: call, code: "\(error.code)", reason: error.message)
    }
  }
}

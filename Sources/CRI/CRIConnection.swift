import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// A connection to a container runtime's CRI socket (Kubernetes' runtime.v1).
///
/// It connects at the first call, and again at the first call after the runtime went away, at most
/// about once a second; calls in between fail at once. It is closed with the last reference to it.
package final class CRIConnection: Sendable {
  package typealias Service = Runtime_V1_RuntimeService.Client<HTTP2ClientTransport.Posix>

  /// The path of the socket.
  package let socket: String
  private let timeout: Duration
  private let client: GRPCClient<HTTP2ClientTransport.Posix>
  private let running: Task<Void, Never>

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
    let transport = try HTTP2ClientTransport.Posix(
      // Go's servers take this authority from any client of a unix socket.
      target: .unixDomainSocket(path: path, authority: "localhost"),
      transportSecurity: .plaintext,
      config: .defaults {
        $0.backoff = .init(
          initial: .milliseconds(100), max: .seconds(1), multiplier: 2, jitter: 0.2)
      })
    let client = GRPCClient(transport: transport)
    self.client = client
    // It ends when it is cancelled; a failure to connect is told to the calls.
    running = Task { try? await client.runConnections() }
  }

  deinit { running.cancel() }

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
    do {
      return try await body(Service(wrapping: client), options)
    } catch {
      throw failure(error, of: name, limit: limit)
    }
  }

  /// Hands over the runtime's events as they come, until it ends the stream; throws as
  /// ``call(_:timeout:_:)`` does.
  package func events(
    _ handle: @Sendable @escaping (Runtime_V1_ContainerEventResponse) -> Void
  ) async throws {
    do {
      try await Service(wrapping: client).getContainerEvents(
        Runtime_V1_GetEventsRequest(), options: Self.options
      ) { response in
        for try await event in response.messages { handle(event) }
      }
    } catch {
      throw failure(error, of: "GetContainerEvents", limit: timeout)
    }
  }

  private func failure(_ error: any Error, of call: String, limit: Duration) -> any Error {
    guard !Task.isCancelled else { return CancellationError() }
    guard let error = error as? RPCError else {
      return CRIFailure.failed(
        socket: socket, call: call, code: "answer", reason: "\(error)")
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

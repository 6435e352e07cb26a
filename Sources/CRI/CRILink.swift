import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// One HTTP/2 connection to a unix socket, closed with the last reference to it.
///
/// It connects at the first call, and again at the first call after the other end went away, at most
/// about once a second; calls in between fail at once.
final class CRILink: Sendable {
  let client: GRPCClient<HTTP2ClientTransport.Posix>
  private let running: Task<Void, Never>

  init(path: String) throws {
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
}

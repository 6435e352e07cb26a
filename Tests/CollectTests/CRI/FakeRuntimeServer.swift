import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import Synchronization

@testable import Collect

/// Serves a ``FakeRuntime`` on a unix socket of its own; may be stopped and started again.
actor FakeRuntimeServer {
  nonisolated let runtime: FakeRuntime
  private let directory: TemporaryDirectory
  nonisolated var socket: String { directory.path + "/s" }
  private var server: GRPCServer<HTTP2ServerTransport.Posix>?
  private var serving: Task<Void, any Error>?
  /// How many connections were made to it.
  nonisolated let accepted = Mutex(0)
  /// How many of those are open.
  nonisolated let open = Mutex(0)

  init(_ runtime: FakeRuntime = FakeRuntime()) throws {
    self.runtime = runtime
    directory = try TemporaryDirectory()
  }

  deinit { server?.beginGracefulShutdown() }

  func start() async throws {
    unlink(socket)
    let transport = HTTP2ServerTransport.Posix(
      address: .unixDomainSocket(path: socket), transportSecurity: .plaintext,
      config: .defaults {
        $0.channelDebuggingCallbacks.onAcceptTCPConnection = { [self] channel in
          accepted.withLock { $0 += 1 }
          open.withLock { $0 += 1 }
          channel.closeFuture.whenComplete { [self] _ in open.withLock { $0 -= 1 } }
          return channel.eventLoop.makeSucceededVoidFuture()
        }
      })
    let server = GRPCServer(transport: transport, services: [runtime])
    self.server = server
    serving = Task { try await server.serve() }
    _ = try await transport.listeningAddress
  }

  /// Ends calls and connections. In order: to cancel a server with a connection just accepted is a
  /// fatal error in NIO (apple/swift-nio issue 3481).
  func stop() async {
    server?.beginGracefulShutdown()
    runtime.endCalls()
    _ = await serving?.result
    server = nil
  }

  nonisolated func source(timeout: Duration = .seconds(30)) throws -> CRISource {
    try CRISource(endpoint: socket, node: "n1", timeout: timeout) { path in
      path.hasSuffix(FakeCrictl.containerID) ? 4711 : UInt64(path.utf8.count)
    }
  }

  /// Returns once someone follows the events.
  nonisolated func followed() async throws {
    try await eventually { runtime.edit { !$0.followers.isEmpty } }
  }
}

/// Waits until `condition` holds; throws once the test's time limit is over.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

import NIOCore
import NIOPosix

/// A port of the loopback interface that nobody listens on.
enum FreePort {
  /// The system chooses it; it is free again when this returns, and another program could take it
  /// before the server does.
  static func find() throws -> Int {
    let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).wait()
    defer { try? channel.close().wait() }
    guard let port = channel.localAddress?.port else {
      throw BenchError(description: "no free port on 127.0.0.1")
    }
    return port
  }
}

/// What the HTTP server is told; limits are on everything a client decides.
public struct ServerConfiguration: Sendable, Hashable {
  public var host = "127.0.0.1"
  /// 0 takes a free one.
  public var port = 8086
  /// Bytes of a request body, before and after decompression; 0 is no limit.
  public var maximumBodyBytes = 25_000_000
  /// Bytes of request bodies in memory at a time; who comes later waits.
  public var bodyMemoryBytes = 256 << 20
  /// Queries at a time; who comes later waits. Each may block a thread for as long as its client
  /// reads slowly, and the system's pools have some 64.
  public var maximumQueries = 32
  /// Backups at a time; who comes later waits. Each keeps the files of its segments from being freed.
  public var maximumBackups = 2
  /// Threads that parse and write.
  public var writeThreads = 4
  /// Seconds a connection may be idle.
  public var idleTimeoutSeconds = 300

  public init() {}

  /// ``maximumBodyBytes`` with "no limit" as a number.
  var bodyLimit: Int { maximumBodyBytes == 0 ? Int.max : maximumBodyBytes }
}

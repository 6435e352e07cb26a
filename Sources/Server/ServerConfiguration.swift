/// What the HTTP server is told; limits are on everything a client decides.
public struct ServerConfiguration: Sendable, Hashable {
  public var host = "127.0.0.1"
  /// 0 takes a free one.
  public var port = 8086
  /// Bytes of a request body, before and after decompression; 0 is no limit.
  public var maximumBodyBytes = 25_000_000
  /// Bytes of request bodies in memory at a time; who comes later waits.
  public var bodyMemoryBytes = 256 << 20
  /// Queries that run at a time; who comes later waits. A query whose client is behind does not count.
  public var maximumQueries = 32
  /// The same for one client.
  public var maximumQueriesPerClient = 16
  /// Backups at a time; who comes later waits. Each keeps the files of its segments from being freed.
  public var maximumBackups = 2
  /// Models at a time that are sent.
  public var maximumModels = 2
  /// Threads that parse and write.
  public var writeThreads = 4
  /// Connections at a time.
  public var maximumConnections = 1000
  /// Seconds a connection may be idle.
  public var idleTimeoutSeconds = 300
  /// Seconds in which the head of a request has to be whole, and in which its body has to make
  /// progress.
  public var requestTimeoutSeconds = 30.0
  /// Seconds for which a client may read nothing of its response.
  public var responseTimeoutSeconds = 60.0

  public init() {}

  /// ``maximumBodyBytes`` with "no limit" as a number.
  var bodyLimit: Int { maximumBodyBytes == 0 ? Int.max : maximumBodyBytes }

  /// Of ``bodyMemoryBytes``, what one client may have.
  var bodyMemoryShare: Int { bodyMemoryBytes / 4 }

  /// Statements about the server at a time.
  static let administrativeQueries = 8

  /// Responses at a time that wait for clients that are behind.
  var maximumUnreadResponses: Int { 8 * maximumQueries }
  /// The same for one client; more of them are broken off.
  var maximumUnreadResponsesPerClient: Int { 4 * maximumQueriesPerClient }

  /// Threads that queries, backups and models can take at a time.
  var workThreads: Int {
    maximumQueries + Self.administrativeQueries + maximumUnreadResponses + maximumBackups
      + maximumModels
  }
}

import HummingbirdCore

/// Bounds the number of connections: where one more would be too many, idle ones are closed, and
/// accepting pauses until one has gone.
struct ConnectionLimit: AvailableConnectionsDelegate {
  let connections: OpenConnections

  mutating func connectionOpened() { connections.opened() }

  mutating func connectionClosed() { connections.closed() }

  func isAcceptingNewConnections() -> Bool { !connections.isFull }
}

/// Where the ``Sampler``'s lines go.
public protocol LineSink: Sendable {
  /// Takes whole lines of line protocol. Waits for nothing.
  func add(_ lines: [UInt8])

  /// What became of the lines so far; nil where nobody knows.
  func currentStatistics() async -> SenderStatistics?
}

extension Sender: LineSink {
  public func currentStatistics() async -> SenderStatistics? { statistics }
}

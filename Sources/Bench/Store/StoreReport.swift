/// What the store benchmark measured. Sizes in bytes, times in seconds unless the name says
/// otherwise; nil is not measured.
public struct StoreReport: Sendable, Codable {
  /// An ingest of the whole workload.
  public struct Ingest: Sendable, Codable {
    /// Wall-clock time from the first batch to the last acknowledgement.
    public var seconds: Double
    /// Processor time of the store in that span.
    public var cpuSeconds: Double
    /// Processor time up to when the store had come to rest (merges and flushes that the ingest
    /// left behind).
    public var settledCPUSeconds: Double
    public var peakResidentBytes: Int?

    public func valuesPerCPUSecond(_ values: Int) -> Double { Double(values) / cpuSeconds }
    public func valuesPerSettledCPUSecond(_ values: Int) -> Double {
      Double(values) / settledCPUSeconds
    }
  }

  public struct Query: Sendable, Codable {
    public var name: String
    public var text: String
    /// The first run after the server's start.
    public var freshMilliseconds: Double
    /// The median of the runs after it.
    public var warmMilliseconds: Double
    public var responseBytes: Int
  }

  public struct Server: Sendable, Codable {
    public var name: String
    public var ingest: Ingest
    /// From the start of the process after it was killed, to its first answer.
    public var recoverySeconds: Double?
    /// Values that were acknowledged before the kill and are not there after it.
    public var valuesLost: Int?
    /// Everything in the data directory after an orderly stop.
    public var diskBytes: Int
    public var queries: [Query]
  }

  public struct Shape: Sendable, Codable {
    public var shape: StoreShape
    public var series: Int
    public var lines: Int
    public var values: Int
    public var spanSeconds: Double
    /// Line protocol parsed and written in this process; the generator's time is taken off.
    public var embedded: Ingest?
    /// The same points without the detour through text.
    public var embeddedPoints: Ingest?
    public var servers: [Server]
  }

  public var scale: Int
  public var processors: Int
  /// Load average over a minute when the benchmark began: what else the machine was doing.
  public var loadAverageBefore: Double?
  public var shapes: [Shape] = []
}

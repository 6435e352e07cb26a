/// What the collector is told.
public struct CollectSettings: Sendable, Hashable {
  public var sampler: SamplerSettings
  public var runtime = RuntimeChoice.automatic
  /// Whether lines are printed on standard output.
  public var prints = false
  /// Where lines are sent; nil for nowhere.
  public var server: Server?
  /// Nil where nothing is to be counted in the kernel.
  public var probes: ProbeSettings? = ProbeSettings()

  public struct Server: Sendable, Hashable {
    public var target: WriteTarget
    /// Whether the database is made if it is not there.
    public var createsDatabase = false
    /// Where lines are kept while the server is away, and within how many bytes.
    public var spool = "/var/lib/vigil-collect"
    public var spoolLimit = 256 << 20

    public init(target: WriteTarget) { self.target = target }
  }

  public init(node: String) { sampler = SamplerSettings(node: node) }
}

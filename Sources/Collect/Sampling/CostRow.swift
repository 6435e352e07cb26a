/// What the collector's own row tells: counts since the row before it.
struct CostRow: Sendable {
  /// Intervals there are no rows of.
  var gaps = 0
  var snapshotFailures = 0
  /// As of the row before.
  var usage = ProcessUsage()
  private var statistics = SenderStatistics()

  /// The fields of an interval's row.
  ///
  /// - Parameter containers: rows of the interval.
  mutating func fields(
    of interval: SampledInterval, _ attribution: Attribution, containers: Int,
    _ statistics: SenderStatistics?
  ) -> [(name: String, value: Int64)] {
    let cpu = interval.usage.cpuNanoseconds
    let kernelParameters = Parameter.allCases.count - Parameter.ofCgroupFiles.count
    var fields: [(name: String, value: Int64)] = [
      ("cpu_ns", Int64(clamping: cpu - min(cpu, usage.cpuNanoseconds))),
      ("memory_bytes", Int64(clamping: interval.usage.memoryBytes)),
      ("lag_ns", interval.lag),
      ("containers", Int64(containers)),
      ("events", Int64(clamping: interval.counts.total)),
      ("unowned", Int64(clamping: attribution.unowned)),
      ("contested", Int64(clamping: attribution.contested)),
      ("lost_events", Int64(clamping: interval.counts.lostEvents)),
      ("missing_parameters", Int64(kernelParameters - interval.counts.parameters.count)),
      ("gaps", Int64(gaps)),
      ("snapshot_failures", Int64(snapshotFailures)),
    ]
    usage = interval.usage
    gaps = 0
    snapshotFailures = 0
    if let statistics {
      let past = self.statistics
      fields += [
        ("sent_lines", Int64(clamping: statistics.sentLines - past.sentLines)),
        ("retries", Int64(clamping: statistics.retries - past.retries)),
        ("spooled_batches", Int64(clamping: statistics.spooledBatches)),
        (
          "lost_lines",
          Int64(clamping: statistics.lostLines - min(past.lostLines, statistics.lostLines))
        ),
      ]
      self.statistics = statistics
    }
    return fields
  }
}

extension Parameter {
  /// What cgroup files tell; the others are counted by probes.
  static let ofCgroupFiles: Set<Parameter> = [.cpuUsage, .memoryUsage]
}

extension SenderStatistics {
  /// Lines that will never be at the server, whatever the reason.
  fileprivate var lostLines: UInt64 {
    var sum = droppedLines
    for lines in [refusedLines, damagedLines, unwrittenLines] { sum.addClamped(lines) }
    return sum
  }
}

import Detection
import TimeSeries

/// Two hundred pods sampled every second for six hours: processor time, memory and six counts of
/// what the kernel did for them. A pod's load follows the day and has bursts; the counts are
/// Poisson with a rate that follows the load.
public struct ContainersWorkload: Workload {
  public static let fullSteps = 6 * 3600

  public let measurement = "container"
  public let series: [[Tag]]
  /// Millicores, bytes, and events in the second.
  public let fields = [
    WorkloadField(name: "cpu_usage", kind: .thousandths),
    WorkloadField(name: "memory_usage", kind: .integer),
    WorkloadField(name: "sys_calls", kind: .integer),
    WorkloadField(name: "mmap_calls", kind: .integer),
    WorkloadField(name: "page_faults", kind: .integer),
    WorkloadField(name: "block_req", kind: .integer),
    WorkloadField(name: "file_access", kind: .integer),
    WorkloadField(name: "pl_events", kind: .integer),
  ]
  /// 2026-03-02T06:00:00Z, the rise of a working day.
  public static let defaultStart: Timestamp = 1_772_431_200_000_000_000
  public let start: Timestamp
  public let interval: Int64 = 1_000_000_000
  public let steps: Int

  static let pageSize: Int64 = 4096

  private struct Pod {
    /// Millicores at a load of one.
    var processor: Double
    var pages: Int64
    /// Events a second at a load of one: the six counts.
    var rates: [Double]
    /// Part of a day by which the pod is behind the others.
    var phase: Double
    var burstSecondsLeft = 0
    var burstFactor = 1.0
  }

  private var generator: SplitMix64
  private var pods: [Pod]

  public init(
    pods count: Int = 200, steps: Int = fullSteps, start: Timestamp = defaultStart,
    seed: UInt64 = 456
  ) {
    self.start = start
    var generator = SplitMix64(seed: seed)
    /// Evenly spread in the logarithm, as sizes of services are.
    func spread(_ low: Double, _ high: Double) -> Double {
      low * (generator.unit() * (high / low).logarithm()).exponential()
    }
    series = (0..<count).map { pod in
      [
        Tag(key: "namespace", value: "namespace-\(pod % 8)"),
        Tag(key: "node", value: "node-\(pod % 10)"), Tag(key: "pod", value: "pod-\(pod)"),
      ]
    }
    pods = (0..<count).map { _ in
      Pod(
        processor: spread(2, 800), pages: Int64(spread(4000, 400_000)),
        rates: [
          spread(50, 5000), spread(0.3, 6), spread(2, 100), spread(0.05, 4), spread(1, 80),
          spread(0.01, 0.5),
        ],
        phase: 0.1 * generator.unit())
    }
    self.steps = steps
    self.generator = generator
  }

  public mutating func sample(series: Int, step: Int, into values: inout [Int64]) {
    var pod = pods[series]
    let day = (21_600 + Double(step)) / 86_400 - pod.phase
    var load = 1 - 0.5 * (2 * Double.pi * day).cosine()
    if pod.burstSecondsLeft > 0 {
      pod.burstSecondsLeft -= 1
      load *= pod.burstFactor
    } else if generator.unit() < 1 / 1800.0 {
      pod.burstSecondsLeft = 20 + Int(generator.next() % 60)
      pod.burstFactor = 2 + 4 * generator.unit()
    }
    let millicores = pod.processor * load * max(0.1, 1 + 0.1 * generator.normal())
    values[0] = Int64((millicores * 1000).rounded())
    // Memory stays where it is most of the time.
    if generator.unit() < 0.2 {
      pod.pages = max(1000, pod.pages + Int64((16 * generator.normal()).rounded()))
    }
    values[1] = pod.pages * Self.pageSize
    for index in pod.rates.indices {
      values[2 + index] = generator.poisson(pod.rates[index] * load)
    }
    pods[series] = pod
  }
}

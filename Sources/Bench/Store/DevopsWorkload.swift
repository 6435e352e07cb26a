import Detection
import TimeSeries

/// The shape of the Time Series Benchmark Suite's `cpu-only` case (github.com/timescale/tsbs): a
/// hundred hosts with ten tags, sampled every ten seconds for three days; ten integers each, random
/// walks in 0...100 with standard normal steps.
public struct DevopsWorkload: Workload {
  public static let fullSteps = 3 * 8640

  public let measurement = "cpu"
  public let series: [[Tag]]
  public let fields = [
    "usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq",
    "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
  ].map { WorkloadField(name: $0, kind: .integer) }
  /// 2016-01-01T00:00:00Z, as the suite has it.
  public let start: Timestamp = 1_451_606_400_000_000_000
  public let interval: Int64 = 10_000_000_000
  public let steps: Int

  private var generator: SplitMix64
  /// Where each walk is, field after field of series after series.
  private var levels: [Double]

  public init(hosts: Int = 100, steps: Int = fullSteps, seed: UInt64 = 123) {
    var generator = SplitMix64(seed: seed)
    func pick(_ choices: [String]) -> String {
      choices[Int(generator.next() % UInt64(choices.count))]
    }
    func number(below limit: UInt64) -> String { String(generator.next() % limit) }
    series = (0..<hosts).map { host in
      let region = pick([
        "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1",
        "ap-southeast-2", "ap-northeast-1", "sa-east-1",
      ])
      return [
        Tag(key: "hostname", value: "host_\(host)"), Tag(key: "region", value: region),
        Tag(key: "datacenter", value: region + pick(["a", "b", "c"])),
        Tag(key: "rack", value: number(below: 100)),
        Tag(key: "os", value: pick(["Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"])),
        Tag(key: "arch", value: pick(["x64", "x86"])),
        Tag(key: "team", value: pick(["SF", "NYC", "LON", "CHI"])),
        Tag(key: "service", value: number(below: 20)),
        Tag(key: "service_version", value: number(below: 2)),
        Tag(key: "service_environment", value: pick(["production", "staging", "test"])),
      ]
    }
    levels = (0..<hosts * fields.count).map { _ in generator.unit() * 100 }
    self.steps = steps
    self.generator = generator
  }

  public mutating func sample(series: Int, step: Int, into values: inout [Int64]) {
    for index in values.indices {
      let level = min(100, max(0, levels[series * values.count + index] + generator.normal()))
      levels[series * values.count + index] = level
      values[index] = Int64(level.rounded())
    }
  }
}

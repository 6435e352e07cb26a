import Detection
import LineProtocol
import TimeSeries

/// Makes a labelled day in the shape of the published Online Boutique data, for machines that do
/// not have it: ten pods of a shop, sampled once a minute, with a daily load that all metrics
/// follow, and 24 faults of five kinds injected in the first hours.
public struct DayGenerator {
  /// A service's usual level of each metric at a load of one request a second, and its size.
  struct Service {
    var name: String
    /// Requests a second at the mean load.
    var load: Double
    /// Millicores for a request a second.
    var cpuPerRequest: Double
    /// MiB at rest.
    var memory: Double
    var readsPerRequest: Double
    var writesPerRequest: Double
    var bytesInPerRequest: Double
    var bytesOutPerRequest: Double
    /// Seconds, 90th percentile.
    var latency: Double
  }

  static let services: [Service] = [
    Service(
      name: "adservice", load: 4.9, cpuPerRequest: 0.24, memory: 201, readsPerRequest: 220,
      writesPerRequest: 500, bytesInPerRequest: 6400, bytesOutPerRequest: 16000, latency: 0.033),
    Service(
      name: "cartservice", load: 8.2, cpuPerRequest: 0.22, memory: 33.6, readsPerRequest: 65,
      writesPerRequest: 61, bytesInPerRequest: 720, bytesOutPerRequest: 5100, latency: 0.0047),
    Service(
      name: "checkoutservice", load: 0.9, cpuPerRequest: 1.3, memory: 38, readsPerRequest: 2600,
      writesPerRequest: 2300, bytesInPerRequest: 7500, bytesOutPerRequest: 140_000, latency: 0.41),
    Service(
      name: "currencyservice", load: 16, cpuPerRequest: 0.19, memory: 42, readsPerRequest: 390,
      writesPerRequest: 410, bytesInPerRequest: 900, bytesOutPerRequest: 3100, latency: 0.006),
    Service(
      name: "emailservice", load: 0.8, cpuPerRequest: 0.9, memory: 47, readsPerRequest: 210,
      writesPerRequest: 190, bytesInPerRequest: 2300, bytesOutPerRequest: 1900, latency: 0.012),
    Service(
      name: "frontend", load: 8.6, cpuPerRequest: 0.58, memory: 21, readsPerRequest: 2560,
      writesPerRequest: 1780, bytesInPerRequest: 4000, bytesOutPerRequest: 34_000, latency: 0.5),
    Service(
      name: "paymentservice", load: 0.8, cpuPerRequest: 0.8, memory: 55, readsPerRequest: 260,
      writesPerRequest: 240, bytesInPerRequest: 1100, bytesOutPerRequest: 900, latency: 0.005),
    Service(
      name: "productcatalogservice", load: 22, cpuPerRequest: 0.14, memory: 18,
      readsPerRequest: 300, writesPerRequest: 280, bytesInPerRequest: 600,
      bytesOutPerRequest: 8700, latency: 0.004),
    Service(
      name: "recommendationservice", load: 5.2, cpuPerRequest: 0.52, memory: 49,
      readsPerRequest: 520, writesPerRequest: 470, bytesInPerRequest: 2600,
      bytesOutPerRequest: 4100, latency: 0.024),
    Service(
      name: "shippingservice", load: 1.9, cpuPerRequest: 0.4, memory: 14, readsPerRequest: 310,
      writesPerRequest: 300, bytesInPerRequest: 1300, bytesOutPerRequest: 1500, latency: 0.003),
  ]

  static let minute: Int64 = 60_000_000_000
  /// Minutes a fault lasts.
  static let faultMinutes: Int64 = 5

  public let seed: UInt64
  /// Midnight of the day.
  public let midnight: Timestamp

  /// - Parameters:
  ///   - midnight: 2022-08-22T00:00:00Z, the day of the published data, unless told.
  ///   - samples: 03:51 to 23:59 unless told.
  public init(
    seed: UInt64 = 20_220_822, midnight: Timestamp = 1_661_126_400_000_000_000,
    samples: ClosedRange<Int64> = 231...1439
  ) {
    self.seed = seed
    self.midnight = midnight
    self.samples = samples
  }

  /// Minutes of the day that are sampled.
  public let samples: ClosedRange<Int64>

  /// Pod names, in the order of the services.
  public var pods: [String] {
    var generator = SplitMix64(seed: seed ^ 0x706f_6473)
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    return Self.services.map { service in
      let suffix = (0..<5).map { _ in String(letters[Int(generator.next() % 27)]) }.joined()
      return "\(service.name)-\(suffix)"
    }
  }

  /// 24 faults, one every ten minutes from 03:55, over pods and kinds in turn.
  public var faults: [Fault] {
    let kinds: [Fault.Kind] = [
      .cpuContention, .networkDelay, .cpuConsumed, .cpuContention, .networkDelay, .errorReturn,
      .cpuContention, .networkDelay, .exception, .cpuConsumed,
    ]
    let pods = pods
    return (0..<24).map { index in
      Fault(
        injected: midnight + (235 + Int64(index) * 10) * Self.minute + 17_000_000_000,
        pod: pods[(index * 7) % pods.count], kind: kinds[index % kinds.count])
    }
  }

  /// The day's points, time after time, as `container` with tags namespace, pod and service.
  public func points() -> PointBatch {
    var batch = PointBatch()
    var generator = SplitMix64(seed: seed)
    let pods = pods
    let faults = faults
    let series = zip(Self.services, pods).map { service, pod in
      batch.internSeries(
        SeriesKey(
          measurement: "container",
          tags: [
            Tag(key: "namespace", value: "online-boutique"), Tag(key: "pod", value: pod),
            Tag(key: "service", value: service.name),
          ]
        ).canonical)
    }
    // Each pod drifts a little by itself, besides the load that all share.
    var drift = [Double](repeating: 0, count: pods.count)
    for sample in samples {
      let hour = Double(sample) / 60
      // Busiest at 15:00, a fifth quieter at night.
      let daily = 1 + 0.1 * ((hour - 15) / 24 * 2 * Double.pi).cosine()
      let shared = daily * (1 + 0.03 * generator.normal())
      for (index, service) in Self.services.enumerated() {
        drift[index] = 0.97 * drift[index] + 0.01 * generator.normal()
        // Pods are sampled at different seconds of the minute.
        let time = midnight + sample * Self.minute + Int64(7 + index * 5) * 1_000_000_000
        let active = faults.first {
          $0.pod == pods[index] && time >= $0.injected
            && time < $0.injected + Self.faultMinutes * Self.minute
        }
        batch.beginPoint(series: series[index], timestamp: time)
        for (name, value) in row(
          service, load: shared * (1 + drift[index]), fault: active?.kind, using: &generator)
        {
          batch.append(field: batch.internField(name), float: value.rounded(toPlaces: 6))
        }
      }
    }
    return batch
  }

  /// One sample's metrics.
  private func row(
    _ service: Service, load: Double, fault: Fault.Kind?, using generator: inout SplitMix64
  ) -> [(String, Double)] {
    func noisy(_ value: Double, _ spread: Double) -> Double {
      max(0, value * (1 + spread * generator.normal()))
    }
    var rate = noisy(service.load * load, 0.04)
    var cpu = noisy(service.cpuPerRequest * rate, 0.06)
    var memory = service.memory * (1 + 0.01 * generator.normal())
    var latency = noisy(service.latency, 0.08)
    var readsPerRequest = service.readsPerRequest
    switch fault {
    case .cpuContention:
      cpu += 12 + 6 * generator.unit()
      latency *= 2.5
    case .cpuConsumed:
      cpu *= 4 + 2 * generator.unit()
      memory *= 1.25
    case .networkDelay:
      // Few requests get through; those that wait are polled for and held in memory.
      rate *= 0.3
      readsPerRequest *= 6
      memory *= 1.12
      latency *= 12
    case .errorReturn, .exception:
      rate *= 1.02
    case nil: break
    }
    let reads = noisy(readsPerRequest * rate, 0.03).rounded()
    let writes = noisy(service.writesPerRequest * rate, 0.03).rounded()
    let received = noisy(service.bytesInPerRequest * rate, 0.05)
    let sent = noisy(service.bytesOutPerRequest * rate, 0.05)
    return [
      ("cpu_usage", cpu), ("cpu_usage_rate", cpu * 4.5), ("memory_usage", memory),
      ("memory_usage_rate", memory / service.memory * 60), ("syscall_read", reads),
      ("syscall_write", writes), ("network_receive_bytes", received),
      ("network_transmit_bytes", sent), ("client_latency_p90", latency * 1.1),
      ("server_latency_p90", latency), ("client_latency_p95", latency * 1.3),
      ("server_latency_p95", latency * 1.2), ("client_latency_p99", latency * 1.9),
      ("server_latency_p99", latency * 1.7), ("workload_ops", rate), ("success_rate", 0),
      ("node_cpu_usage_rate", noisy(20 * load, 0.05)), ("node_memory_usage_rate", noisy(45, 0.002)),
      ("node_network_receive_bytes", noisy(400_000 * load, 0.05)),
    ]
  }
}

import TimeSeries

/// A query of the benchmark, in InfluxQL and, where it can say the same, in MetricsQL.
public struct StoreQuery: Sendable {
  public struct Range: Sendable {
    public var expression: String
    /// Seconds since 1970.
    public var start: Int64
    public var end: Int64
    public var step: Int64
  }

  public var name: String
  public var influxQL: String
  public var metricsQL: Range?

  /// The queries of a shape. Windows end with the data, and are shorter where the data is.
  public static func all(_ shape: StoreShape, of workload: any Workload) -> [StoreQuery] {
    switch shape {
    case .devops: devops(workload)
    case .containers: containers(workload)
    }
  }

  /// The last `hours` of the data as a condition; `end` is exclusive.
  private struct Window {
    var start: Int64
    var end: Int64

    init(hours: Int64, of workload: any Workload) {
      let last = workload.start + workload.span
      end = last / 1_000_000_000
      start = max(workload.start / 1_000_000_000, end - hours * 3600)
    }

    var condition: String { "time >= \(start)s AND time < \(end)s" }

    /// A bucket's rollup is evaluated at its end.
    func range(_ expression: String, step: Int64) -> Range {
      Range(expression: expression, start: start + step, end: end, step: step)
    }
  }

  /// The Time Series Benchmark Suite's, and a scan of everything.
  private static func devops(_ workload: any Workload) -> [StoreQuery] {
    let hour = Window(hours: 1, of: workload)
    let eight = Window(hours: 8, of: workload)
    let half = Window(hours: 12, of: workload)
    let names = workload.fields.map(\.name)
    let hosts = (0..<8).map { "host_\(($0 * 37 + 11) % workload.series.count)" }
    func hostCondition(_ count: Int) -> String {
      "(" + hosts.prefix(count).map { "hostname = '\($0)'" }.joined(separator: " OR ") + ")"
    }
    func metrics(_ count: Int) -> String {
      count == 1
        ? "cpu_\(names[0])"
        : "{__name__=~\"cpu_(\(names.prefix(count).joined(separator: "|")))\""
    }
    func selector(_ fields: Int, _ hostCount: Int) -> String {
      let matcher = "hostname=~\"\(hosts.prefix(hostCount).joined(separator: "|"))\""
      return fields == 1 ? "\(metrics(1)){\(matcher)}" : "\(metrics(fields)),\(matcher)}"
    }
    func maxima(_ count: Int) -> String {
      names.prefix(count).map { "max(\($0))" }.joined(separator: ", ")
    }
    func single(_ fields: Int, _ hostCount: Int, hours: Int64) -> StoreQuery {
      StoreQuery(
        name: "single-groupby-\(fields)-\(hostCount)-\(hours)",
        influxQL:
          "SELECT \(maxima(fields)) FROM cpu WHERE \(hostCondition(hostCount)) AND \(hour.condition) GROUP BY time(1m)",
        metricsQL: hour.range(
          "max(max_over_time(\(selector(fields, hostCount))[1m])) by (__name__)", step: 60))
    }
    func double(_ count: Int, _ suffix: String) -> StoreQuery {
      let means = names.prefix(count).map { "mean(\($0))" }.joined(separator: ", ")
      let all = count == 1 ? metrics(1) : metrics(count) + "}"
      return StoreQuery(
        name: "double-groupby-\(suffix)",
        influxQL: "SELECT \(means) FROM cpu WHERE \(half.condition) GROUP BY time(1h), hostname",
        metricsQL: half.range(
          "avg(avg_over_time(\(all)[1h])) by (__name__, hostname)", step: 3600))
    }
    return [
      single(1, 1, hours: 1), single(1, 8, hours: 1), single(5, 8, hours: 1),
      StoreQuery(
        name: "cpu-max-all-8",
        influxQL:
          "SELECT \(maxima(names.count)) FROM cpu WHERE \(hostCondition(8)) AND \(eight.condition) GROUP BY time(1h)",
        metricsQL: eight.range(
          "max(max_over_time(\(selector(names.count, 8))[1h])) by (__name__)", step: 3600)),
      double(1, "1"), double(5, "5"), double(names.count, "all"),
      StoreQuery(
        name: "high-cpu-1",
        influxQL:
          "SELECT * FROM cpu WHERE usage_user > 90.0 AND \(half.condition) AND hostname = '\(hosts[0])'"
      ),
      StoreQuery(
        name: "high-cpu-all",
        influxQL: "SELECT * FROM cpu WHERE usage_user > 90.0 AND \(half.condition)"),
      StoreQuery(
        name: "lastpoint",
        influxQL: "SELECT * FROM cpu GROUP BY hostname ORDER BY time DESC LIMIT 1"),
      StoreQuery(
        name: "groupby-orderby-limit",
        influxQL:
          "SELECT max(usage_user) FROM cpu WHERE time < \(half.end)s GROUP BY time(1m) ORDER BY time DESC LIMIT 5",
        metricsQL: Range(
          expression: "max(max_over_time(cpu_usage_user[1m]))", start: half.end - 240,
          end: half.end, step: 60)),
      StoreQuery(
        name: "full-scan-mean",
        influxQL: "SELECT mean(usage_user) FROM cpu",
        metricsQL: Range(
          expression:
            "sum(sum_over_time(cpu_usage_user[4d])) / sum(count_over_time(cpu_usage_user[4d]))",
          start: half.end, end: half.end, step: 60)),
    ]
  }

  private static func containers(_ workload: any Workload) -> [StoreQuery] {
    let hour = Window(hours: 1, of: workload)
    let all = Window(hours: 6, of: workload)
    let names = workload.fields.map(\.name)
    let pod = "pod-\(17 % workload.series.count)"
    let means = names.map { "mean(\($0))" }.joined(separator: ", ")
    let matcher = "{__name__=~\"container_(\(names.joined(separator: "|")))\",pod=\"\(pod)\"}"
    return [
      StoreQuery(
        name: "pod-8-fields-1m",
        influxQL:
          "SELECT \(means) FROM container WHERE pod = '\(pod)' AND \(hour.condition) GROUP BY time(1m)",
        metricsQL: hour.range("avg_over_time(\(matcher)[1m]) keep_metric_names", step: 60)),
      StoreQuery(
        name: "max-all-pods-10s",
        influxQL:
          "SELECT max(page_faults) FROM container WHERE \(all.condition) GROUP BY time(10s)",
        metricsQL: all.range("max(max_over_time(container_page_faults[10s]))", step: 10)),
      StoreQuery(
        name: "percentile-per-pod",
        influxQL: "SELECT percentile(cpu_usage, 99.7) FROM container GROUP BY pod",
        metricsQL: Range(
          expression: "quantile_over_time(0.997, container_cpu_usage[\(all.end - all.start)s])",
          start: all.end, end: all.end, step: 60)),
      StoreQuery(
        name: "pod-raw",
        influxQL:
          "SELECT \(names.joined(separator: ", ")) FROM container WHERE pod = '\(pod)' AND \(all.condition)"
      ),
    ]
  }
}

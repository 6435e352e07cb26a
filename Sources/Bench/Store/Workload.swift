import TimeSeries

/// How a value of a workload is written. Values travel as integers, so that text and points agree
/// to the last bit.
public enum WorkloadValueKind: Sendable {
  /// `58i`
  case integer
  /// `0.058`: the value is in thousandths, and is stored as a float.
  case thousandths
}

public struct WorkloadField: Sendable {
  public var name: String
  public var kind: WorkloadValueKind
}

/// Regularly sampled series with the same fields, made up as they are asked for.
public protocol Workload: Sendable {
  var measurement: String { get }
  /// Tags of each series, in the order in which a client writes them.
  var series: [[Tag]] { get }
  var fields: [WorkloadField] { get }
  /// Time of the first sample.
  var start: Timestamp { get }
  /// Nanoseconds between samples.
  var interval: Int64 { get }
  /// Samples of each series.
  var steps: Int { get }

  /// Makes the next sample of a series, one value a field. Called for every series of a step, then
  /// for the next step.
  mutating func sample(series: Int, step: Int, into values: inout [Int64])
}

extension Workload {
  /// Nanoseconds covered.
  public var span: Int64 { interval * Int64(steps) }
  public var lineCount: Int { steps * series.count }
  public var valueCount: Int { lineCount * fields.count }
}

/// The shapes that the benchmark knows.
public enum StoreShape: String, Sendable, CaseIterable, Codable {
  case devops, containers

  /// - Parameter scale: divides the time covered; from 1.
  public func workload(scale: Int) -> any Workload {
    switch self {
    case .devops: DevopsWorkload(steps: max(1, DevopsWorkload.fullSteps / scale))
    case .containers: ContainersWorkload(steps: max(1, ContainersWorkload.fullSteps / scale))
    }
  }
}

import TimeSeries

/// What a detector said of one pod, row by row.
public struct PodScores: Sendable {
  public var pod: String
  public var timestamps: [Timestamp]
  public var anomalies: [Bool]
  public var threshold: Double

  public init(pod: String, timestamps: [Timestamp], anomalies: [Bool], threshold: Double) {
    self.pod = pod
    self.timestamps = timestamps
    self.anomalies = anomalies
    self.threshold = threshold
  }
}

/// A table in the manner of the paper's Table II: per container the threshold and the percentage of
/// false positives, and what was found of the injected faults.
public struct DetectionTable: Sendable, Hashable {
  public struct Row: Sendable, Hashable {
    public var pod: String
    /// NaN where the model has nothing for the pod.
    public var threshold: Double
    public var freeRows: Int
    public var falsePositives: Int
    public var injected: Int
    public var found: Int

    public var falsePositivePercent: Double {
      freeRows == 0 ? 0 : 100 * Double(falsePositives) / Double(freeRows)
    }
  }

  public struct KindRow: Sendable, Hashable {
    public var kind: Fault.Kind
    public var injected: Int
    public var found: Int
  }

  public var rows: [Row]
  public var kinds: [KindRow]

  public var freeRows: Int { rows.reduce(0) { $0 + $1.freeRows } }
  public var falsePositives: Int { rows.reduce(0) { $0 + $1.falsePositives } }
  public var injected: Int { rows.reduce(0) { $0 + $1.injected } }
  public var found: Int { rows.reduce(0) { $0 + $1.found } }

  /// - Parameters:
  ///   - free: the span without faults, in which every flag is a false positive.
  ///   - faultWindow: a fault is found if its pod is flagged this long after its injection.
  ///   - rowSpan: what one row stands for: a row at t covers t ..< t + rowSpan, so that a bucket
  ///     which began just before the injection counts.
  public init(
    scores: [PodScores], faults: [Fault], free: Range<Timestamp>,
    faultWindow: Int64 = 360_000_000_000, rowSpan: Int64 = 60_000_000_000
  ) {
    let byPod = Dictionary(scores.map { ($0.pod, $0) }, uniquingKeysWith: { first, _ in first })
    func isFound(_ fault: Fault) -> Bool {
      guard let scores = byPod[fault.pod] else { return false }
      return zip(scores.timestamps, scores.anomalies).contains { time, isAnomaly in
        isAnomaly && time > fault.injected - rowSpan && time <= fault.injected + faultWindow
      }
    }
    let found = faults.filter(isFound)
    let pods = Set(scores.map(\.pod)).union(faults.map(\.pod)).sorted()
    rows = pods.map { pod in
      let scores = byPod[pod] ?? PodScores(pod: pod, timestamps: [], anomalies: [], threshold: .nan)
      let freeFlags = zip(scores.timestamps, scores.anomalies)
        .filter { free.contains($0.0) }.map(\.1)
      return Row(
        pod: pod, threshold: scores.threshold, freeRows: freeFlags.count,
        falsePositives: freeFlags.count { $0 }, injected: faults.count { $0.pod == pod },
        found: found.count { $0.pod == pod })
    }
    kinds = Fault.Kind.allCases.map { kind in
      KindRow(
        kind: kind, injected: faults.count { $0.kind == kind },
        found: found.count { $0.kind == kind })
    }
  }
}

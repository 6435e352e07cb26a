import TimeSeries

/// A table in the manner of the paper's Table II: per container the threshold and the percentage of
/// false positives, and what was found of the injected faults.
public struct DetectionTable: Sendable, Hashable {
  public struct Row: Sendable, Hashable, Encodable {
    public var pod: String
    /// Nil where the model has nothing for the pod.
    public var threshold: Double?
    public var freeRows: Int
    public var falsePositives: Int
    public var injected: Int
    public var found: Int

    public var falsePositivePercent: Double {
      freeRows == 0 ? 0 : 100 * Double(falsePositives) / Double(freeRows)
    }
  }

  /// What became of one fault.
  public struct FaultRow: Sendable, Hashable {
    public var fault: Fault
    /// The largest loss of the fault's pod divided by its threshold, while the fault shows.
    public var peak: Double?
    /// 1 where no other pod's peak is larger at that time.
    public var rank: Int?
    /// Nanoseconds from the injection to the end of the first row that is flagged: the earliest that
    /// the fault could be told. Nil where it was not found.
    public var delay: Int64?

    public var isFound: Bool { delay != nil }
    public var isFirst: Bool { isFound && rank == 1 }
  }

  /// What was found of several faults.
  public struct Tally: Sendable, Hashable, Encodable {
    public var injected: Int
    public var found: Int
    /// Found, and no other pod's peak was larger.
    public var first: Int

    init(_ faults: [FaultRow]) {
      injected = faults.count
      found = faults.count { $0.isFound }
      first = faults.count { $0.isFirst }
    }
  }

  public var rows: [Row]
  /// By time of injection.
  public var faults: [FaultRow]

  public var freeRows: Int { rows.reduce(0) { $0 + $1.freeRows } }
  public var falsePositives: Int { rows.reduce(0) { $0 + $1.falsePositives } }
  /// Of all rows.
  public var falsePositivePercent: Double {
    freeRows == 0 ? 0 : 100 * Double(falsePositives) / Double(freeRows)
  }
  /// The mean of the pods' percentages, of those that have rows.
  public var meanFalsePositivePercent: Double {
    let judged = rows.filter { $0.freeRows > 0 }
    return judged.isEmpty
      ? 0 : judged.reduce(0) { $0 + $1.falsePositivePercent } / Double(judged.count)
  }
  public var all: Tally { Tally(faults) }

  public func tally(of kind: Fault.Kind) -> Tally {
    Tally(faults.filter { $0.fault.kind == kind })
  }

  public func tally(resource: Bool) -> Tally {
    Tally(faults.filter { $0.fault.kind.isResource == resource })
  }

  /// - Parameters:
  ///   - free: the span without faults, in which every flag is a false positive.
  ///   - faultWindow: a fault is found if its pod is flagged this long after its injection.
  ///   - rowSpan: what one row stands for: a row at t covers t ..< t + rowSpan, so that a bucket
  ///     which began just before the injection counts.
  public init(
    scores: [PodScores], faults: [Fault], free: Range<Timestamp>,
    faultWindow: Int64 = 360_000_000_000, rowSpan: Int64 = 60_000_000_000
  ) {
    let faultRows = faults.sorted { $0.injected < $1.injected }.map { fault in
      Self.row(of: fault, scores, faultWindow: faultWindow, rowSpan: rowSpan)
    }
    let byPod = Dictionary(scores.map { ($0.pod, $0) }, uniquingKeysWith: { first, _ in first })
    let pods = Set(scores.map(\.pod)).union(faults.map(\.pod)).sorted()
    rows = pods.map { pod in
      let scores = byPod[pod]
      let freeFlags = zip(scores?.timestamps ?? [], scores?.anomalies ?? [])
        .filter { free.contains($0.0) }.map(\.1)
      let tally = Tally(faultRows.filter { $0.fault.pod == pod })
      return Row(
        pod: pod, threshold: scores?.threshold, freeRows: freeFlags.count,
        falsePositives: freeFlags.count { $0 }, injected: tally.injected, found: tally.found)
    }
    self.faults = faultRows
  }

  private static func row(
    of fault: Fault, _ scores: [PodScores], faultWindow: Int64, rowSpan: Int64
  ) -> FaultRow {
    func shows(_ time: Timestamp) -> Bool {
      time > fault.injected - rowSpan && time <= fault.injected + faultWindow
    }
    func peak(_ scores: PodScores) -> Double? {
      zip(scores.timestamps, scores.ratios).filter { shows($0) && $1.isFinite }.map(\.1).max()
    }
    let own = scores.first { $0.pod == fault.pod }
    let ownPeak = own.flatMap(peak)
    let flag = own.flatMap { own in
      zip(own.timestamps, own.anomalies).first { shows($0) && $1 }?.0
    }
    return FaultRow(
      fault: fault, peak: ownPeak,
      rank: ownPeak.map { own in 1 + scores.count { peak($0).map { $0 > own } ?? false } },
      delay: flag.map { $0 + rowSpan - fault.injected })
  }
}

import TimeSeries

/// ``DetectionTable`` for machines.
struct DetectionTableDocument: Encodable {
  struct FalsePositivePercent: Encodable {
    var meanOfPods: Double
    var ofRows: Double
  }

  struct FaultLine: Encodable {
    var injected: String
    var pod: String
    var kind: String
    var found: Bool
    var peak: Double?
    var rank: Int?
    var delaySeconds: Double?
  }

  var falsePositivePercent: FalsePositivePercent
  var resource: DetectionTable.Tally
  var other: DetectionTable.Tally
  var kinds: [String: DetectionTable.Tally]
  var pods: [DetectionTable.Row]
  var faults: [FaultLine]

  init(_ table: DetectionTable) {
    falsePositivePercent = FalsePositivePercent(
      meanOfPods: table.meanFalsePositivePercent, ofRows: table.falsePositivePercent)
    resource = table.tally(resource: true)
    other = table.tally(resource: false)
    kinds = Dictionary(
      Fault.Kind.allCases.map { ($0.rawValue, table.tally(of: $0)) },
      uniquingKeysWith: { first, _ in first })
    pods = table.rows
    faults = table.faults.map { row in
      FaultLine(
        injected: TimestampText.rfc3339(row.fault.injected), pod: row.fault.pod,
        kind: row.fault.kind.rawValue, found: row.isFound, peak: row.peak, rank: row.rank,
        delaySeconds: row.delay.map { Double($0) / 1e9 })
    }
  }
}

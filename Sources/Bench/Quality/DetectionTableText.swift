import Foundation
import TimeSeries

extension DetectionTable {
  /// The table for a terminal: a line for each pod, totals, and what was found of each kind.
  public var text: String {
    var table = AlignedTable(rows: [
      ["container", "threshold", "rows", "false pos. %", "injected", "found"]
    ])
    for row in rows {
      table.rows.append([
        row.pod, row.threshold.map { String(format: "%.6g", $0) } ?? "no model", "\(row.freeRows)",
        percent(row.falsePositivePercent), "\(row.injected)", "\(row.found)",
      ])
    }
    table.rows.append([
      "mean of containers", "", "", percent(meanFalsePositivePercent),
    ])
    table.rows.append([
      "all", "", "\(freeRows)", percent(falsePositivePercent), "\(all.injected)", "\(all.found)",
    ])

    var kinds = AlignedTable(rows: [["kind of fault", "injected", "found", "ranked first"]])
    func append(_ name: String, _ tally: Tally) {
      guard tally.injected > 0 else { return }
      kinds.rows.append([name, "\(tally.injected)", "\(tally.found)", "\(tally.first)"])
    }
    for kind in Fault.Kind.allCases { append(kind.rawValue, tally(of: kind)) }
    append("resource faults", tally(resource: true))
    append("other faults", tally(resource: false))
    return table.text + "\n" + kinds.text
  }

  /// A line for each fault: how high its pod's loss went, which place that was among the pods, and
  /// how soon it could be told.
  public var faultText: String {
    var table = AlignedTable(rows: [
      ["injected", "peak", "rank", "delay s", "kind, container"]
    ])
    for row in faults {
      table.rows.append([
        TimestampText.rfc3339(row.fault.injected),
        row.peak.map { String(format: "%.2f", $0) } ?? "no score", row.rank.map { "\($0)" } ?? "-",
        row.delay.map { "\($0 / 1_000_000_000)" } ?? "not found",
        "\(row.fault.kind.rawValue) \(row.fault.pod)",
      ])
    }
    return table.text
  }

  private func percent(_ value: Double) -> String { String(format: "%.2f", value) }
}

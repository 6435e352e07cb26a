import Foundation
import Shell
import TimeSeries

/// A report as text: a line a fault, then what was flagged besides.
enum FaultTable {
  static func render(_ report: FaultReport, group: String) -> [String] {
    let header = ["fault", group, "injected at", "flagged at", "delay", "top metric", "elsewhere"]
    let cells = report.outcomes.map { outcome in
      [
        DisplayWidth.printable(outcome.fault.text), DisplayWidth.printable(outcome.container),
        CivilTime(outcome.fault.from).timeOfDay,
        outcome.flaggedAt.map { CivilTime($0).timeOfDay }
          ?? (outcome.wasFlagged ? "flagged before" : "not flagged"),
        outcome.delay.map { String(format: "%.1f s", Double($0) / 1e9) } ?? "",
        outcome.top.map { "\(DisplayWidth.printable($0.metric)) \(Frame.percent($0.part))" } ?? "",
        text(outcome.elsewhere),
      ]
    }
    let widths = header.indices.map { column in
      ([header] + cells).map { DisplayWidth.of($0[column]) }.max() ?? 0
    }
    let rows = ([header] + cells).map { row in
      let padded = zip(row, widths).map { DisplayWidth.pad($0, to: $1) }.joined(separator: "  ")
      return String(padded.reversed().drop { $0 == " " }.reversed())
    }
    return rows + summary(report, group: group)
  }

  private static func summary(_ report: FaultReport, group: String) -> [String] {
    let meanwhile = sum(report.outcomes.map(\.elsewhere))
    let calm = sum(report.calm.values)
    var lines = [
      "\(report.found) of \(report.outcomes.count) faults flagged",
      "false positives in other \(group)s meanwhile: \(text(meanwhile)) rows\(percent(meanwhile))",
      "false positives at other times: \(text(calm)) rows\(percent(calm))",
    ]
    for (container, tally) in report.calm.sorted(by: { $0.key < $1.key }) where tally.flagged > 0 {
      lines.append("  \(DisplayWidth.printable(container)): \(text(tally))")
    }
    return lines
  }

  private static func text(_ tally: FaultReport.Tally) -> String {
    "\(tally.flagged) of \(tally.scored)"
  }

  private static func percent(_ tally: FaultReport.Tally) -> String {
    guard tally.scored > 0 else { return "" }
    return String(format: " (%.2f %%)", Double(tally.flagged) / Double(tally.scored) * 100)
  }

  private static func sum(_ tallies: some Sequence<FaultReport.Tally>) -> FaultReport.Tally {
    tallies.reduce(into: FaultReport.Tally()) {
      $0.scored += $1.scored
      $0.flagged += $1.flagged
    }
  }
}

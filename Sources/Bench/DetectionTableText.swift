import Foundation

extension DetectionTable {
  /// The table for a terminal: a line for each pod, totals, and what was found of each kind.
  public var text: String {
    let width = max(9, rows.map(\.pod.count).max() ?? 0)
    func cells(_ pod: String, _ others: [String]) -> String {
      pod.padding(toLength: width, withPad: " ", startingAt: 0)
        + zip(others, [13, 10, 12, 10, 8]).map { text, size in
          String(repeating: " ", count: max(1, size - text.count)) + text
        }.joined() + "\n"
    }
    let rule = String(repeating: "─", count: width + 53) + "\n"
    var text =
      cells("container", ["threshold", "rows", "false pos. %", "injected", "found"]) + rule
    for row in rows {
      text += cells(
        row.pod,
        [
          row.threshold.isNaN ? "no model" : String(format: "%.6g", row.threshold),
          "\(row.freeRows)", String(format: "%.2f", row.falsePositivePercent),
          "\(row.injected)", "\(row.found)",
        ])
    }
    let percent = freeRows == 0 ? 0 : 100 * Double(falsePositives) / Double(freeRows)
    text += rule
    text += cells(
      "all", ["", "\(freeRows)", String(format: "%.2f", percent), "\(injected)", "\(found)"])
    text += "\nfound by kind of fault:"
    for kind in kinds where kind.injected > 0 {
      text += "  \(kind.kind.rawValue) \(kind.found)/\(kind.injected)"
    }
    return text + "\n"
  }
}

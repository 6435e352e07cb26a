import Foundation
import Shell
import TimeSeries

/// A screen's worth of a state: heading, what goes on, and for each container its loss beside the
/// threshold, its flag and its metrics. Nothing but a function of the state and the screen's size.
///
/// Where not all containers fit with their metrics each gets one line, and where these do not fit
/// either, the most urgent ones are shown, and how many are not.
struct Frame {
  let state: WatchState
  let settings: WatchSettings
  /// Columns and rows of the screen.
  let width: Int
  let height: Int

  func lines() -> [StyledLine] {
    var lines = [heading]
    if let problem { lines.append(problem) }
    lines += marks
    lines.append(StyledLine())
    if state.containers.isEmpty {
      lines.append(StyledLine("nothing to show yet: no rows of the last minute", .dim))
    }
    let room = max(1, height - lines.count)
    let blocks = state.containers.map(block)
    let taken = blocks.reduce(0) { $0 + $1.count }
    if taken + blocks.count - 1 <= room {
      lines += blocks.joined(separator: [StyledLine()])
    } else if taken <= room {
      lines += blocks.joined()
    } else {
      lines += table(rows: room)
    }
    return Array(lines.prefix(max(1, height)))
  }

  private var heading: StyledLine {
    var line = StyledLine(DisplayWidth.printable(state.place), .strong)
    line.add(
      "  \(CivilTime(state.now).timeOfDay) UTC  \(state.containers.count) \(settings.group)s  ")
    let flagged = state.flagged
    line.add("\(flagged) flagged", flagged > 0 ? .alarm : .good)
    return line
  }

  private var problem: StyledLine? {
    guard let problem = state.problem else { return nil }
    let since = state.answered.map { ", what is shown is of \(CivilTime($0).timeOfDay)" } ?? ""
    return StyledLine("no answer\(since): \(DisplayWidth.printable(problem))", .alarm)
  }

  private var marks: [StyledLine] {
    state.marks.filter { $0.isOpen(at: state.now) }.suffix(3).map {
      StyledLine("▶ \(Self.text(of: $0, at: state.now))", .notice)
    }
  }

  /// `cpu-hog in cart, 12 of 20 s`.
  static func text(of mark: Mark, at now: Timestamp) -> String {
    var text = DisplayWidth.printable(mark.text)
    if let group = mark.group { text += " in \(DisplayWidth.printable(group))" }
    guard let elapsed = seconds(from: mark.from, to: now) else { return text }
    text += ", \(elapsed)"
    if let until = mark.until, let length = seconds(from: mark.from, to: until) {
      text += " of \(length)"
    }
    return text + " s"
  }

  private static func seconds(from: Timestamp, to: Timestamp) -> Int64? {
    let (difference, overflow) = to.subtractingReportingOverflow(from)
    return overflow ? nil : difference / 1_000_000_000
  }

  private var nameWidth: Int {
    let widest =
      state.containers.map { DisplayWidth.of(DisplayWidth.printable($0.name)) }.max() ?? 0
    return min(max(widest, 8), max(8, width / 4))
  }

  private var barWidth: Int { min(41, max(9, width / 3)) }

  private func summary(_ container: WatchedContainer) -> StyledLine {
    let name = DisplayWidth.truncate(DisplayWidth.printable(container.name), to: nameWidth)
    var line = StyledLine(DisplayWidth.pad(name, to: nameWidth) + "  ", .strong)
    let health = container.health
    let style: StyledLine.Style = container.isFlagged ? .alarm : .good
    line.add(LossBar.render(health?.ratio, width: barWidth), health?.ratio == nil ? .dim : style)
    if let age = container.lastRow.flatMap(overdue) {
      line.add("  silent for \(age) s", .notice)
      return line
    }
    guard let health else {
      line.add("  no model", .dim)
      return line
    }
    if let loss = health.loss, let threshold = health.threshold {
      line.add("  rl \(Self.digits(loss)) / \(Self.digits(threshold))")
    }
    line.add("  " + (health.anomaly ? "ANOMALY" : word(of: health)), health.anomaly ? .alarm : .dim)
    if let age = overdue(health.time) { line.add("  \(age) s ago", .notice) }
    if health.anomaly, let top = Self.top(of: health) { line.add("  " + top, .strong) }
    return line
  }

  /// Seconds since the newest row, where that is longer ago than it takes rows to come and to be
  /// scored.
  private func overdue(_ newest: Timestamp) -> Int64? {
    guard let age = Self.seconds(from: newest, to: state.answered ?? state.now) else { return nil }
    return age > 5 * Int64(settings.interval) + 5 ? age : nil
  }

  private func word(of health: Health) -> String {
    switch health.state {
    case "scored", "shared", "": health.loss == nil ? "no score" : "ok"
    default: DisplayWidth.printable(health.state)
    }
  }

  /// The metric with the largest share of the loss.
  static func top(of health: Health) -> String? {
    health.shares.max { ($0.value, $1.key) < ($1.value, $0.key) }.map {
      "\(DisplayWidth.printable($0.key)) \(percent($0.value))"
    }
  }

  /// Of 0 to 1; where it is neither, as it is.
  static func percent(_ share: Double) -> String { String(format: "%.0f %%", share * 100) }

  /// Three significant digits.
  private static func digits(_ value: Double) -> String { String(format: "%.3g", value) }

  static let valueWidth = 7
  private static let sparkWidths = 8...WatchReader.rowsShown

  private func block(_ container: WatchedContainer) -> [StyledLine] {
    let labels = state.metrics.map(DisplayWidth.printable)
    let labelWidth = min(labels.map(DisplayWidth.of).max() ?? 0, 20)
    let fixed = labelWidth + Self.valueWidth + 4
    let room = width - 2
    let columns = max(1, room / (fixed + Self.sparkWidths.lowerBound))
    let spark = min(max(room / columns - fixed, 0), Self.sparkWidths.upperBound)
    let isFlagged = container.isFlagged
    let cells = zip(labels, state.metrics).map { label, metric in
      let values = container.values[metric] ?? []
      // The newest row that has it: metrics need not come in every row.
      let value = values.last { $0 != nil }.flatMap { $0 }
      let text = value.map {
        (settings.units[metric] ?? .plain).text($0, interval: settings.interval)
      }
      let share = container.health?.shares[metric] ?? 0
      var cell = StyledLine(
        DisplayWidth.pad(DisplayWidth.truncate(label, to: labelWidth), to: labelWidth) + " "
          + DisplayWidth.pad(text ?? "–", to: Self.valueWidth, .right) + " ",
        isFlagged && share >= 0.25 ? .alarm : .plain)
      cell.add(Sparkline.render(values, width: spark) + "  ", .dim)
      return cell
    }
    let rows = stride(from: 0, to: cells.count, by: columns).map { first in
      cells[first..<min(first + columns, cells.count)].reduce(StyledLine("  ")) { $0 + $1 }
    }
    return [summary(container)] + rows
  }

  private func table(rows: Int) -> [StyledLine] {
    guard state.containers.count > rows else { return state.containers.map(summary) }
    let shown = state.byUrgency.prefix(rows - 1)
    let hidden = state.containers.count - shown.count
    let flagged = state.flagged - shown.count(where: \.isFlagged)
    let last = StyledLine(
      "… and \(hidden) more, \(flagged) of them flagged", flagged > 0 ? .alarm : .dim)
    return shown.map(summary) + [last]
  }
}

import Shell

/// A terminal's alternate screen, drawn over in place: each line is erased to its end and written
/// anew, so that nothing flickers, and what was on the terminal before comes back on `leave`.
struct Screen {
  let output: StandardOutput

  func enter() throws { try output.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J") }

  func leave() throws { try output.write("\u{1b}[?25h\u{1b}[?1049l") }

  func draw(_ lines: [StyledLine]) throws {
    try output.write(
      Self.sequence(lines, width: output.width, height: output.height, color: output.hasColor))
  }

  /// The last column stays free: some terminals erase what stands there when the line is erased to
  /// its end behind it.
  static func sequence(_ lines: [StyledLine], width: Int, height: Int, color: Bool) -> String {
    let shown = lines.prefix(max(1, height)).map {
      $0.render(width: max(1, width - 1), color: color) + "\u{1b}[K"
    }
    return "\u{1b}[H" + shown.joined(separator: "\r\n") + "\u{1b}[J"
  }
}

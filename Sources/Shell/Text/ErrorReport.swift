/// How an error is shown: the message and, where it names a position, the line of the statement
/// with a mark under it.
enum ErrorReport {
  /// `error: …`, ending in a newline. `location` is put before the message (a script's name and
  /// line). The message says the position as InfluxDB does: `at line 1, char 10`.
  static func render(_ message: String, statement: String?, location: String? = nil) -> String {
    let place = location.map { $0 + ": " } ?? ""
    var text = "error: " + place + message + "\n"
    guard let statement, let position = position(in: message) else { return text }
    let lines = statement.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.indices.contains(position.line - 1) else { return text }
    let line = lines[position.line - 1]
    // InfluxDB puts the end of the text up to two characters behind it.
    let length = line.unicodeScalars.count
    guard position.character >= 1, position.character <= length + 2 else { return text }
    let before = String(
      String.UnicodeScalarView(line.unicodeScalars.prefix(min(position.character - 1, length))))
    // Each tab is shown as one space, so that the mark stands under its character.
    func shown(_ text: some StringProtocol) -> String {
      DisplayWidth.printable(String(text.map { $0 == "\t" ? " " : $0 }))
    }
    text += "  " + shown(line) + "\n"
    text += "  " + String(repeating: " ", count: DisplayWidth.of(shown(before))) + "^\n"
    return text
  }

  /// The last `at line L, char C` of a message, both from 1.
  static func position(in message: String) -> (line: Int, character: Int)? {
    guard let match = message.matches(of: /at line ([0-9]{1,9}), char ([0-9]{1,9})/).last,
      let line = Int(match.1), let character = Int(match.2)
    else { return nil }
    return (line, character)
  }
}

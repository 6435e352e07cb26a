import Shell

/// A line of the view: pieces of text, each in a style of its own.
struct StyledLine: Hashable {
  enum Style: String {
    case plain = ""
    case strong = "1"
    case dim = "2"
    case alarm = "1;31"
    case good = "32"
    case notice = "1;33"
  }

  private struct Piece: Hashable {
    var text: String
    var style: Style
  }

  private var pieces: [Piece] = []

  init() {}

  init(_ text: String, _ style: Style = .plain) { add(text, style) }

  /// Columns.
  var width: Int { pieces.reduce(0) { $0 + DisplayWidth.of($1.text) } }

  mutating func add(_ text: String, _ style: Style = .plain) {
    pieces.append(Piece(text: text, style: style))
  }

  static func + (line: StyledLine, more: StyledLine) -> StyledLine {
    var line = line
    line.pieces += more.pieces
    return line
  }

  /// At most `width` columns, with an ellipsis where something was cut, and with the escape
  /// sequences of ECMA-48 for the styles if `color` is true.
  func render(width: Int, color: Bool) -> String {
    var rest = width
    var isWhole = self.width <= width
    var line = ""
    for piece in pieces where rest > 0 {
      var text = piece.text
      if !isWhole, DisplayWidth.of(text) >= rest {
        // Something is cut off here or behind here; the blank makes room for the ellipsis.
        text = DisplayWidth.truncate(text + " ", to: rest)
        isWhole = true
        rest = 0
      } else {
        rest -= DisplayWidth.of(text)
      }
      line +=
        color && piece.style != .plain ? "\u{1b}[\(piece.style.rawValue)m\(text)\u{1b}[0m" : text
    }
    return line
  }
}

/// Colours of a plot, as the terminal's eight.
enum PlotColor: Int {
  case red = 31
  case green = 32
  case yellow = 33
  case blue = 34
  case magenta = 35
  case cyan = 36

  func paint(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}

/// A grid of terminal cells, each of 2 × 4 dots drawn as a braille character (U+2800…28FF).
///
/// Dots are counted from the top left. A cell has one colour, the last that was drawn in it.
struct PlotCanvas {
  /// In cells.
  let width: Int
  let height: Int
  private var dots: [UInt8]
  private var colors: [PlotColor?]

  /// In dots.
  var dotWidth: Int { width * 2 }
  var dotHeight: Int { height * 4 }

  init(width: Int, height: Int) {
    self.width = max(1, width)
    self.height = max(1, height)
    dots = Array(repeating: 0, count: self.width * self.height)
    colors = Array(repeating: nil, count: self.width * self.height)
  }

  /// The bit of a dot in the character, by column and row within the cell.
  private static let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]

  /// Dots outside of the canvas are left out.
  mutating func set(x: Int, y: Int, color: PlotColor? = nil) {
    guard (0..<dotWidth).contains(x), (0..<dotHeight).contains(y) else { return }
    let cell = y / 4 * width + x / 2
    dots[cell] |= Self.bits[x % 2][y % 4]
    if let color { colors[cell] = color }
  }

  /// A straight line (Bresenham), ends included. `dashed` leaves out every second pair of dot
  /// columns, counted from the canvas's edge so that the dashes of adjoining lines fit together.
  mutating func line(
    from start: (x: Int, y: Int), to end: (x: Int, y: Int), color: PlotColor? = nil,
    dashed: Bool = false
  ) {
    let dx = abs(end.x - start.x)
    let dy = -abs(end.y - start.y)
    let stepX = start.x < end.x ? 1 : -1
    let stepY = start.y < end.y ? 1 : -1
    var (x, y) = start
    var error = dx + dy
    while true {
      if !dashed || (x >> 1) & 1 == 0 { set(x: x, y: y, color: color) }
      if x == end.x && y == end.y { return }
      let doubled = 2 * error
      if doubled >= dy {
        error += dy
        x += stepX
      }
      if doubled <= dx {
        error += dx
        y += stepY
      }
    }
  }

  /// The rows as text, cells without dots as spaces.
  func rows(colored: Bool) -> [String] {
    (0..<height).map { row in
      var text = ""
      for cell in row * width..<(row + 1) * width {
        guard dots[cell] != 0 else {
          text += " "
          continue
        }
        let character = String(Unicode.Scalar(UInt16(0x2800) + UInt16(dots[cell])) ?? " ")
        text += colored ? colors[cell]?.paint(character) ?? character : character
      }
      return text
    }
  }
}

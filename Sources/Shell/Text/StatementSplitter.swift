/// Cuts what a user typed or a script holds into statements.
///
/// A statement ends with `;` outside quotes, comments and regexes. Three kinds end with their line:
/// backslash commands, `USE`, and `INSERT`, whose line protocol has rules of its own (a `;` in a
/// measurement or tag is data; one in the fields, outside quotes, ends it).
struct StatementSplitter {
  struct Piece: Equatable {
    /// All of the piece: what precedes the statement (blanks, comments), it, and its end.
    var source: String
    /// The statement alone; empty where there is nothing but blanks and comments.
    var body: String
    /// Line of the body's first character, from 0.
    var line: Int
    /// Whether its end was there; a last piece without may go on in the next line.
    var isComplete: Bool
  }

  /// The sources of the pieces, joined, are `text`.
  static func split(_ text: String) -> [Piece] {
    var splitter = StatementSplitter(bytes: Array(text.utf8))
    var pieces: [Piece] = []
    while splitter.position < splitter.bytes.count { pieces.append(splitter.next()) }
    return pieces
  }

  private let bytes: [UInt8]
  private var position = 0
  private var line = 0
  /// Whether a comment or quote was still open at the end.
  private var isOpen = false

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func next() -> Piece {
    let start = position
    skipBlanksAndComments()
    let bodyStart = position
    let bodyLine = line
    isOpen = isOpen && position == bytes.count
    let bodyEnd: Int
    if bodyStart == bytes.count {
      // A comment that is not closed may go on; blanks are complete as they are.
      return piece(start, bodyStart..<bodyStart, bodyLine, isComplete: !isOpen)
    }
    let word = self.word(at: bodyStart).lowercased()
    let endsWithLine: Bool
    if bytes[bodyStart] == UInt8(ascii: "\\") {
      endsWithLine = true
      bodyEnd = endOfLine(from: bodyStart)
      position = bodyEnd
    } else if word == "insert" {
      endsWithLine = true
      bodyEnd = endOfInsert(from: bodyStart)
      position = bodyEnd
    } else {
      endsWithLine = word == "use" || ["exit", "quit", "help"].contains(word)
      bodyEnd = scanStatement(stopsAtNewline: endsWithLine)
    }
    var complete = false
    if position < bytes.count {
      let end = bytes[position]
      complete = end == UInt8(ascii: ";") || end == UInt8(ascii: "\n")
      consume()
    }
    return piece(start, bodyStart..<bodyEnd, bodyLine, isComplete: complete)
  }

  private func piece(_ start: Int, _ body: Range<Int>, _ line: Int, isComplete: Bool) -> Piece {
    var bodyEnd = body.upperBound
    while bodyEnd > body.lowerBound, Self.isBlank(bytes[bodyEnd - 1]) { bodyEnd -= 1 }
    return Piece(
      source: String(decoding: bytes[start..<position], as: UTF8.self),
      body: String(decoding: bytes[body.lowerBound..<bodyEnd], as: UTF8.self),
      line: line, isComplete: isComplete)
  }

  private mutating func skipBlanksAndComments() {
    while position < bytes.count {
      if Self.isBlank(bytes[position]) {
        consume()
      } else if !skipComment() {
        return
      }
    }
  }

  /// Skips `-- …` to the end of the line, or `/* … */`.
  private mutating func skipComment() -> Bool {
    if starts(with: "--") {
      while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { consume() }
      return true
    }
    guard starts(with: "/*") else { return false }
    consume()
    consume()
    while position < bytes.count {
      if starts(with: "*/") {
        consume()
        consume()
        return true
      }
      consume()
    }
    isOpen = true
    return true
  }

  /// Moves to the end of a statement and returns it.
  private mutating func scanStatement(stopsAtNewline: Bool) -> Int {
    // Whether a `/` here would begin a regex and not divide.
    var expectsOperand = true
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: ";"): return position
      case UInt8(ascii: "\n") where stopsAtNewline: return position
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        skipQuoted(byte)
        expectsOperand = false
      case UInt8(ascii: "-"), UInt8(ascii: "/"):
        if skipComment() { continue }
        if byte == UInt8(ascii: "/"), expectsOperand, let end = endOfRegex() {
          while position < end { consume() }
          expectsOperand = false
        } else {
          consume()
          expectsOperand = true
        }
      case _ where Self.isBlank(byte): consume()
      case _ where Self.isWordByte(byte):
        let word = self.word(at: position)
        position += word.utf8.count
        expectsOperand = Self.wordsBeforeRegex.contains(word.uppercased())
      default:
        expectsOperand = byte != UInt8(ascii: ")")
        consume()
      }
    }
    return position
  }

  private mutating func skipQuoted(_ quote: UInt8) {
    consume()
    while position < bytes.count {
      let byte = bytes[position]
      consume()
      if byte == quote { return }
      if byte == UInt8(ascii: "\\"), position < bytes.count { consume() }
    }
  }

  /// After the closing `/` of a regex that begins here; nil where the line has none, and then the
  /// `/` can only divide.
  private func endOfRegex() -> Int? {
    var index = position + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
      if bytes[index] == UInt8(ascii: "/") { return index + 1 }
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  private func endOfLine(from start: Int) -> Int {
    bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
  }

  private func endOfInsert(from start: Int) -> Int {
    let lineEnd = endOfLine(from: start)
    var index = start + "insert".utf8.count
    func skipSpaces() { while index < lineEnd, Self.isBlank(bytes[index]) { index += 1 } }
    /// To the next space that no backslash escapes, quoted text passed over if asked.
    func skipToken(quotes: Bool) {
      var quoted = false
      while index < lineEnd, quoted || !Self.isBlank(bytes[index]) {
        if quotes, bytes[index] == UInt8(ascii: "\"") { quoted.toggle() }
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      index = min(index, lineEnd)
    }
    skipSpaces()
    if word(at: index).lowercased() == "into" {
      index += "into".utf8.count
      skipSpaces()
      skipToken(quotes: true)
      skipSpaces()
    }
    skipToken(quotes: false)
    var quoted = false
    while index < lineEnd {
      switch bytes[index] {
      case UInt8(ascii: "\""): quoted.toggle()
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: ";") where !quoted: return index
      default: break
      }
      index += 1
    }
    return lineEnd
  }

  private mutating func consume() {
    if bytes[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private func starts(with text: StaticString) -> Bool {
    text.withUTF8Buffer { bytes[position...].starts(with: $0) }
  }

  private func word(at start: Int) -> String {
    guard start < bytes.count else { return "" }
    return String(decoding: bytes[start...].prefix(while: Self.isWordByte), as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (9...13).contains(byte)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }

  private static let wordsBeforeRegex: Set<String> = [
    "SELECT", "FROM", "BY", "WHERE", "AND", "OR", "INTO", "MEASUREMENT", "KEY", "IN", "DISTINCT",
  ]
}

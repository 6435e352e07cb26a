/// Cuts a query text into tokens, one at a time.
///
/// A slash begins a regex or divides, and only the parser knows which: ``next()`` gives the symbol,
/// and the parser calls ``regex(from:)`` to read it again where a regex can stand.
struct Lexer {
  /// A place in the text.
  ///
  /// Messages must agree with InfluxDB's, whose reader has two habits: the position of a string and
  /// of a regex is that of the character before it (`previous`), and the end of the text moves one
  /// on when a word, white space or a line comment ran into it (`hasPassedEnd`).
  struct Cursor: Hashable {
    var offset = 0
    var position = Position()
    var previous = Position()
    var hasPassedEnd = false
  }

  private let text: [UInt8]
  private var cursor = Cursor()

  init(_ text: String) {
    self.text = Array(text.utf8)
  }

  /// The next token; ``Token/Kind/end`` for ever at the end.
  mutating func next() -> Token {
    let before = cursor.offset
    let unterminated = skipSpace()
    let start = cursor
    let isSpaced = start.offset != before
    if let unterminated {
      return Token(
        kind: .illegal("ILLEGAL"), position: unterminated, isSpaced: isSpaced, start: start)
    }
    var position = start.position
    let kind = scan(&position)
    return Token(kind: kind, position: position, isSpaced: isSpaced, start: start)
  }

  /// Reads the regex whose opening slash is at `start`, and moves behind it.
  ///
  /// - Returns: the pattern, `\/` resolved and all else as written; nil for one that does not end
  ///   on its line.
  mutating func regex(from start: Cursor) -> String? {
    cursor = start
    advance()
    var pattern: [UInt8] = []
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "/"):
        advance()
        return String(decoding: pattern, as: UTF8.self)
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        return nil
      case UInt8(ascii: "\\") where peek(1) == UInt8(ascii: "/"):
        advance()
      default:
        break
      }
      pattern.append(text[cursor.offset])
      advance()
    }
    return nil
  }

  /// A regex was looked for at the end of the text: one of InfluxDB's ways to pass it.
  mutating func passEnd() -> Position {
    if cursor.offset == text.count { cursor.hasPassedEnd = true }
    return endPosition
  }

  private var endPosition: Position {
    var position = cursor.position
    if cursor.hasPassedEnd { position.character += 1 }
    return position
  }
}

extension Lexer {
  private func peek(_ distance: Int = 0) -> UInt8? {
    let offset = cursor.offset + distance
    return offset < text.count ? text[offset] : nil
  }

  /// Moves on by one byte. The position counts scalars, and `\r\n` as one.
  private mutating func advance() {
    let byte = text[cursor.offset]
    cursor.offset += 1
    if byte & 0b1100_0000 == 0b1000_0000 { return }
    if byte == UInt8(ascii: "\r"), peek() == UInt8(ascii: "\n") { return }
    cursor.previous = cursor.position
    if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
      cursor.position = Position(line: cursor.position.line + 1)
    } else {
      cursor.position.character += 1
    }
  }

  /// Skips white space and comments.
  ///
  /// - Returns: where a block comment begins that does not end.
  private mutating func skipSpace() -> Position? {
    while let byte = peek() {
      switch (byte, peek(1)) {
      case (UInt8(ascii: " "), _), (UInt8(ascii: "\t"), _), (UInt8(ascii: "\n"), _),
        (UInt8(ascii: "\r"), _):
        advance()
        if peek() == nil { cursor.hasPassedEnd = true }
      case (UInt8(ascii: "-"), UInt8(ascii: "-")):
        while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
          advance()
        }
        if peek() == nil { cursor.hasPassedEnd = true }
      case (UInt8(ascii: "/"), UInt8(ascii: "*")):
        let start = cursor.position
        advance()
        advance()
        while !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) {
          guard peek() != nil else { return start }
          advance()
        }
        advance()
        advance()
      default:
        return nil
      }
    }
    return nil
  }

  private mutating func scan(_ position: inout Position) -> Token.Kind {
    guard let byte = peek() else {
      position = endPosition
      return .end
    }
    switch byte {
    case UInt8(ascii: "\""):
      return quoted(UInt8(ascii: "\""), &position) { .identifier($0, quoted: true) }
    case UInt8(ascii: "'"):
      position = cursor.previous
      return quoted(UInt8(ascii: "'"), &position) { .string($0) }
    case UInt8(ascii: "$"):
      advance()
      if peek() == UInt8(ascii: "\"") {
        return quoted(UInt8(ascii: "\""), &position) { .parameter($0) }
      }
      return .parameter(bareWord())
    case UInt8(ascii: ".") where peek(1)?.isDigit ?? false:
      return number()
    case _ where byte.isDigit:
      return number()
    case _ where byte.isWordPart:
      let word = bareWord()
      if let keyword = Keyword(word: word) { return .keyword(keyword) }
      return .identifier(word, quoted: false)
    default:
      return symbol()
    }
  }

  private mutating func bareWord() -> String {
    let start = cursor.offset
    while let byte = peek(), byte.isWordPart { advance() }
    if peek() == nil { cursor.hasPassedEnd = true }
    return String(decoding: text[start..<cursor.offset], as: UTF8.self)
  }

  /// A string or a quoted name, from its opening quote. Beyond InfluxDB's escapes there is `\r`,
  /// without which a carriage return could not be written: a bare one is a line end.
  private mutating func quoted(
    _ quote: UInt8, _ position: inout Position, _ kind: (String) -> Token.Kind
  ) -> Token.Kind {
    let before = cursor.previous
    var content: [UInt8] = []
    advance()
    while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
      switch byte {
      case quote:
        advance()
        return kind(String(decoding: content, as: UTF8.self))
      case UInt8(ascii: "\\"):
        advance()
        switch peek() {
        case UInt8(ascii: "n"): content.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "r"): content.append(UInt8(ascii: "\r"))
        case let escaped? where escaped == UInt8(ascii: "\\") || escaped.isQuote:
          content.append(escaped)
        default:
          position = cursor.position
          return .illegal("\\" + scalar())
        }
        advance()
      default:
        content.append(byte)
        advance()
      }
    }
    position = before
    return .illegal(content.isEmpty ? "BADSTRING" : String(decoding: content, as: UTF8.self))
  }

  /// Digits, digits with a decimal point, or digits with letters behind them: a duration.
  private mutating func number() -> Token.Kind {
    let start = cursor.offset
    while let byte = peek(), byte.isDigit { advance() }
    if peek() == UInt8(ascii: ".") {
      let end = cursor.offset
      advance()
      guard peek()?.isDigit ?? false else {
        return .number(String(decoding: text[start..<end], as: UTF8.self))
      }
      while let byte = peek(), byte.isDigit { advance() }
      return .number(String(decoding: text[start..<cursor.offset], as: UTF8.self))
    }
    var isDuration = false
    while let byte = peek() {
      if byte.isLetter || (isDuration && byte.isDigit) {
        advance()
      } else if byte == 0xC2, peek(1) == 0xB5 {  // µ
        advance()
        advance()
      } else {
        break
      }
      isDuration = true
    }
    let literal = String(decoding: text[start..<cursor.offset], as: UTF8.self)
    return isDuration ? .duration(literal) : .integer(literal)
  }

  private mutating func symbol() -> Token.Kind {
    let first = scalar()
    if first.utf8.count == 1, let second = peek(1), second < 0x80 {
      let pair = first + String(UnicodeScalar(second))
      if let symbol = Token.Symbol(rawValue: pair == "<>" ? "!=" : pair) {
        advance()
        advance()
        return .symbol(symbol)
      }
    }
    repeat { advance() } while peek().map { $0 & 0b1100_0000 == 0b1000_0000 } ?? false
    return Token.Symbol(rawValue: first).map { .symbol($0) } ?? .illegal(first)
  }

  /// The Unicode scalar at the cursor; empty at the end.
  private func scalar() -> String {
    var end = min(cursor.offset + 1, text.count)
    while end < text.count, text[end] & 0b1100_0000 == 0b1000_0000 { end += 1 }
    return String(decoding: text[min(cursor.offset, end)..<end], as: UTF8.self)
  }
}

extension UInt8 {
  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
  var isLetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }
  /// Whether a bare name can have it; at the beginning, digits apart.
  var isWordPart: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
  fileprivate var isQuote: Bool { self == UInt8(ascii: "'") || self == UInt8(ascii: "\"") }
}

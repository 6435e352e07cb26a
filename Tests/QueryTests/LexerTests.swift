import Testing

@testable import Query

@Suite struct LexerTests {
  private func tokens(_ text: String) -> [Token] {
    var lexer = Lexer(text)
    var tokens: [Token] = []
    while tokens.last?.kind != .end { tokens.append(lexer.next()) }
    return tokens
  }

  @Test func everyByteBelongsToATokenOrToSpace() {
    #expect(
      tokens("a.b,1.5 2 3m'x'\"y\"$z<>!=!~=~<=>=::;:").dropLast().map(\.shown) == [
        "a", ".", "b", ",", "1.5", "2", "3m", "x", "y", "$z", "!=", "!=", "!~", "=~", "<=", ">=",
        "::", ";", ":",
      ])
  }

  @Test func keywordsAreFoundWhateverTheirCase() {
    for keyword in Keyword.allCases {
      for word in [
        keyword.rawValue, keyword.text,
        String(keyword.text.prefix(1) + keyword.rawValue.dropFirst()),
      ] {
        #expect(tokens(word).first?.kind == .keyword(keyword))
      }
    }
    #expect(tokens("selects").first?.kind == .identifier("selects", quoted: false))
    #expect(tokens("\"select\"").first?.kind == .identifier("select", quoted: true))
  }

  @Test(arguments: [
    ("'abc", "abc"), ("\"abc", "abc"), ("'", "BADSTRING"), ("'a\nb'", "a"), ("'a\rb'", "a"),
    ("'\\x'", "\\x"), ("'\\", "\\"), ("!", "!"), ("#", "#"), ("é", "é"), ("\u{0}", "\u{0}"),
    ("/* a", "ILLEGAL"), ("/* a *", "ILLEGAL"), ("/*/", "ILLEGAL"),
  ])
  func whatIsNoTokenIsShown(text: String, shown: String) {
    #expect(tokens(text).first?.kind == .illegal(shown))
  }

  @Test func lineEndsOfAllSystemsCountOnce() {
    let positions = tokens("a\nb\r\nc\rd").dropLast().map(\.position)
    #expect(positions == (0...3).map { Position(line: $0, character: 0) })
  }

  @Test func regexIsReadAgainFromItsSlash() {
    var lexer = Lexer("x /a\\/b\\d/ y")
    _ = lexer.next()
    let slash = lexer.next()
    _ = lexer.next()
    #expect(lexer.regex(from: slash.start) == "a/b\\d")
    #expect(lexer.next().shown == "y")
  }

  @Test(arguments: ["/a", "/a\n/", "/a\\/", "/"])
  func regexWithoutAnEndIsNone(text: String) {
    var lexer = Lexer(text)
    let slash = lexer.next()
    #expect(lexer.regex(from: slash.start) == nil)
  }

  @Test func endComesAgain() {
    var lexer = Lexer("")
    #expect(lexer.next().kind == .end)
    #expect(lexer.next().kind == .end)
  }
}

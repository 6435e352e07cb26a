/// A lexical token and where it stands.
struct Token {
  enum Kind: Hashable {
    case end
    /// No token of the language; what a message shows of it.
    case illegal(String)
    case identifier(String, quoted: Bool)
    case keyword(Keyword)
    case string(String)
    /// Digits alone.
    case integer(String)
    /// With a decimal point.
    case number(String)
    /// Digits and letters mixed, not yet checked.
    case duration(String)
    /// `$name`; the parser puts ``bound(_:as:)`` in its place.
    case parameter(String)
    case bound(Expression, as: String)
    case symbol(Symbol)
  }

  enum Symbol: String {
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case ampersand = "&"
    case pipe = "|"
    case caret = "^"
    case equal = "="
    case notEqual = "!="
    case matches = "=~"
    case doesNotMatch = "!~"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case comma = ","
    case colon = ":"
    case doubleColon = "::"
    case semicolon = ";"
    case dot = "."
  }

  var kind: Kind
  /// For messages; see ``Lexer/Cursor`` for InfluxDB's way of counting.
  var position: Position
  /// White space or a comment stands before it.
  var isSpaced: Bool
  /// Where it begins, to read it again as a regex.
  var start: Lexer.Cursor

  /// What a message shows: the text of the token, or the name of its kind where it has none.
  var shown: String {
    switch kind {
    case .end: "EOF"
    case .illegal(let text): text
    case .identifier(let name, _): name.isEmpty ? "IDENT" : name
    case .keyword(let keyword): keyword.text
    case .string(let text): text.isEmpty ? "STRING" : text
    case .integer(let text), .number(let text), .duration(let text): text
    case .parameter(let name), .bound(_, as: let name): "$" + name
    case .symbol(let symbol): symbol.rawValue
    }
  }
}

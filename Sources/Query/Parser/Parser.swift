/// Reads the query language: InfluxQL as InfluxDB 1.6 speaks it, and models.
///
/// ```swift
/// let statements = try Parser.parse(
///   "SELECT mean(usage) FROM cpu WHERE host = $host GROUP BY time(1m)",
///   parameters: ["host": .string("a")])
/// ```
///
/// By recursive descent with one token of lookahead. What it accepts is bounded in depth, so no
/// text exhausts the stack, here or where the tree is walked or freed.
public struct Parser {
  /// Levels of parentheses, calls and subqueries, and the height of an expression's tree.
  static let depthLimit = 200

  private var lexer: Lexer
  private let parameters: [String: Expression]
  /// The token to be read next.
  private(set) var token: Token
  /// The one before it.
  private(set) var previous: Token?
  private var depth = 0

  /// Parses statements separated by semicolons.
  ///
  /// - Parameter parameters: what each `$name` stands for: a literal (a regex too), or a reference
  ///   for a name.
  /// - Returns: empty for a text of white space and comments.
  public static func parse(
    _ text: String, parameters: [String: Expression] = [:]
  ) throws(ParseError) -> [Statement] {
    var parser = Parser(text, parameters: parameters)
    return try parser.parseStatements()
  }

  private init(_ text: String, parameters: [String: Expression]) {
    lexer = Lexer(text)
    self.parameters = parameters
    token = lexer.next()
    bind()
  }

  private mutating func parseStatements() throws(ParseError) -> [Statement] {
    var statements: [Statement] = []
    var isSeparated = true
    while token.kind != .end {
      if skip(.semicolon) {
        isSeparated = true
      } else if isSeparated {
        statements.append(try parseStatement())
        isSeparated = false
      } else {
        throw unexpected(";")
      }
    }
    return statements
  }

  private mutating func parseStatement() throws(ParseError) -> Statement {
    let first = token
    advance()
    switch first.kind {
    case .keyword(.select): return .select(try parseSelect())
    case .keyword(.delete): return try parseDelete()
    case .keyword(.show): return try parseShow()
    case .keyword(.create): return try parseCreate()
    case .keyword(.drop): return try parseDrop()
    case .keyword(.explain):
      let analyze = skip(.analyze)
      try expect(.select)
      return .explain(try parseSelect(), analyze: analyze)
    case .keyword(.alter): return try parseAlter()
    case .keyword(.kill): return try parseKill()
    case .identifier(let word, quoted: false) where word.lowercased() == "retrain":
      return try parseRetrain()
    default:
      throw unexpected(
        "SELECT", "DELETE", "SHOW", "CREATE", "DROP", "EXPLAIN", "ALTER", "KILL", "RETRAIN",
        found: first)
    }
  }
}

extension Parser {
  mutating func advance() {
    previous = token
    token = lexer.next()
    bind()
  }

  /// Puts the value of a parameter in place of its name.
  private mutating func bind() {
    if case .parameter(let name) = token.kind, let value = parameters[name] {
      token.kind = .bound(value, as: name)
    }
  }

  /// Runs `body` one level of nesting deeper.
  mutating func nested<Result>(
    _ body: (inout Parser) throws(ParseError) -> Result
  ) throws(ParseError) -> Result {
    guard depth < Self.depthLimit else { throw tooDeep(at: token.position) }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  func tooDeep(at position: Position) -> ParseError {
    ParseError("nesting is too deep (the limit is \(Self.depthLimit) levels)", at: position)
  }

  /// The error that `found`, the next token if not given, is none of `expected`.
  func unexpected(_ expected: String..., found: Token? = nil) -> ParseError {
    let found = found ?? token
    return ParseError(
      "found \(found.shown), expected \(expected.joined(separator: ", "))", at: found.position)
  }
}

extension Parser {
  mutating func skip(_ keyword: Keyword) -> Bool {
    guard token.kind == .keyword(keyword) else { return false }
    advance()
    return true
  }

  mutating func skip(_ symbol: Token.Symbol) -> Bool {
    guard token.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  /// Skips a word that is not reserved, unless it is quoted.
  mutating func skip(word: String) -> Bool {
    guard case .identifier(let name, quoted: false) = token.kind, name.lowercased() == word else {
      return false
    }
    advance()
    return true
  }

  mutating func expect(_ keyword: Keyword) throws(ParseError) {
    guard skip(keyword) else { throw unexpected(keyword.text) }
  }

  mutating func expect(_ symbol: Token.Symbol) throws(ParseError) {
    guard skip(symbol) else { throw unexpected(symbol.rawValue) }
  }

  mutating func expect(word: String) throws(ParseError) {
    guard skip(word: word) else { throw unexpected(word.uppercased()) }
  }

  mutating func parseIdentifier() throws(ParseError) -> String {
    switch token.kind {
    case .identifier(let name, _), .bound(.reference(let name, cast: nil), as: _):
      advance()
      return name
    default:
      throw unexpected("identifier")
    }
  }

  mutating func parseIdentifiers() throws(ParseError) -> [String] {
    var names = [try parseIdentifier()]
    while skip(.comma) { names.append(try parseIdentifier()) }
    return names
  }

  /// `ON name`, where it is given.
  mutating func parseOn() throws(ParseError) -> String? {
    skip(.on) ? try parseIdentifier() : nil
  }

  /// `a`, `a.b`, `a..c`, `a.b.c`, without white space before a dot; empty for a part left out.
  ///
  /// - Parameter last: stops behind a dot that this symbol follows, and returns true too.
  mutating func parseSegments(
    before last: Token.Symbol? = nil
  ) throws(ParseError) -> (names: [String], isOpen: Bool) {
    let position = token.position
    var segments = [try parseIdentifier()]
    var isOpen = false
    while token.kind == .symbol(.dot), !token.isSpaced {
      advance()
      if let last, token.kind == .symbol(last) {
        isOpen = true
        break
      }
      segments.append(token.kind == .symbol(.dot) ? "" : try parseIdentifier())
    }
    guard segments.count <= (isOpen ? 2 : 3) else {
      let name = segments.map(quoteIdentifier).joined(separator: ".")
      throw ParseError("too many segments in \(name)", at: position)
    }
    return (segments, isOpen)
  }

  /// A regex, where one stands.
  mutating func parseRegex() throws(ParseError) -> String? {
    switch token.kind {
    case .symbol(.slash):
      let position = token.start.previous
      guard let pattern = lexer.regex(from: token.start) else {
        throw ParseError("bad regex: ", at: position)
      }
      try check(pattern, at: position)
      advance()
      return pattern
    case .bound(.regex(let pattern), as: _):
      try check(pattern, at: token.position)
      advance()
      return pattern
    case .end:
      token.position = lexer.passEnd()
      return nil
    default:
      return nil
    }
  }

  /// That a pattern compiles: one that does not is an error of the whole request.
  private func check(_ pattern: String, at position: Position) throws(ParseError) {
    do {
      _ = try RegexProgram(pattern)
    } catch {
      throw ParseError("error parsing regexp: \(error)", at: position)
    }
  }

  mutating func expectRegex() throws(ParseError) -> String {
    guard let pattern = try parseRegex() else { throw unexpected("regex") }
    return pattern
  }

  mutating func parseInteger(in range: ClosedRange<Int64>) throws(ParseError) -> Int {
    let found = token
    let number = try parseUnsigned()
    guard let number = Int64(exactly: number), range.contains(number) else {
      throw ParseError(
        "invalid value \(number): must be \(range.lowerBound) <= n <= \(range.upperBound)",
        at: found.position)
    }
    return Int(number)
  }

  mutating func parseUnsigned() throws(ParseError) -> UInt64 {
    let found = token
    let number: UInt64?
    switch token.kind {
    case .integer(let digits): number = UInt64(digits)
    case .bound(.integer(let value), as: _): number = UInt64(exactly: value)
    case .bound(.unsigned(let value), as: _): number = value
    default: throw unexpected("integer")
    }
    guard let number else {
      throw ParseError("unable to parse integer", at: found.position)
    }
    advance()
    return number
  }

  /// A duration of zero or more nanoseconds.
  mutating func parseDuration() throws(ParseError) -> Int64 {
    let duration: Int64?
    switch token.kind {
    case .duration(let text):
      duration = Int64(exactly: try parseDuration(text, at: token.position))
      if duration == nil {
        throw ParseError(
          "overflowed duration \(text): choose a smaller duration or INF", at: token.position)
      }
    case .bound(.duration(let value), as: _) where value >= 0: duration = value
    default: duration = nil
    }
    guard let duration else { throw unexpected("duration") }
    advance()
    return duration
  }

  func parseDuration(_ text: String, at position: Position) throws(ParseError) -> UInt64 {
    do {
      return try DurationLiteral.parse(text)
    } catch {
      switch error {
      case .malformed: throw ParseError("invalid duration", at: position)
      case .overflow(let part):
        throw ParseError(
          "overflowed duration \(part): choose a smaller duration or INF", at: position)
      }
    }
  }
}

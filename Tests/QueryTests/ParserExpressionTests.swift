import Testing

@testable import Query

@Suite struct ParserExpressionTests {
  private func parse(
    _ text: String, parameters: [String: Expression] = [:]
  ) throws -> Expression {
    let statements = try Parser.parse("DELETE WHERE \(text)", parameters: parameters)
    guard case .delete(_, let condition?)? = statements.first else {
      throw ParseError("no condition", at: Position())
    }
    return condition
  }

  private let a = Expression.reference("a", cast: nil)
  private let b = Expression.reference("b", cast: nil)
  private let c = Expression.reference("c", cast: nil)
  private let d = Expression.reference("d", cast: nil)

  @Test func tighterOperatorTakesTheOperand() throws {
    let operators = BinaryOperator.allCases.filter { $0 != .matches && $0 != .doesNotMatch }
    for first in operators {
      for second in operators {
        let tree = try parse("a \(first.rawValue) b \(second.rawValue) c")
        #expect(
          tree
            == (second.precedence > first.precedence
              ? .binary(first, a, .binary(second, b, c))
              : .binary(second, .binary(first, a, b), c)),
          "\(first) \(second)")
      }
    }
  }

  @Test func parenthesesWinAndStay() throws {
    #expect(
      try parse("(a + b) * c") == .binary(.multiply, .parenthesized(.binary(.add, a, b)), c))
  }

  @Test func regexIsAnOperandOfComparison() throws {
    #expect(
      try parse("a =~ /x/ AND b !~ /y/ OR c = d")
        == .binary(
          .or,
          .binary(
            .and, .binary(.matches, a, .regex("x")), .binary(.doesNotMatch, b, .regex("y"))),
          .binary(.equal, c, d)))
  }

  @Test func slashDividesWhereNoRegexCanStand() throws {
    #expect(try parse("a / b / c") == .binary(.divide, .binary(.divide, a, b), c))
    #expect(try parse("f(/a/, b / c)") == .call("f", [.regex("a"), .binary(.divide, b, c)]))
  }

  @Test func minusOfLiteralIsLiteralAndOfOthersAProduct() throws {
    #expect(try parse("-5") == .integer(-5))
    #expect(try parse("- 2.5") == .number(-2.5))
    #expect(try parse("-1h") == .duration(-3_600_000_000_000))
    #expect(try parse("-a") == .binary(.multiply, .integer(-1), a))
    #expect(try parse("+a") == a)
    #expect(try parse("a / -b") == .binary(.divide, a, .binary(.multiply, .integer(-1), b)))
    #expect(try parse("a / -b").description == "a / -b")
    #expect(
      try parse("-(5)") == .binary(.multiply, .integer(-1), .parenthesized(.integer(5))))
  }

  @Test func numberKeepsItsKind() throws {
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .unsigned(9_223_372_036_854_775_808))
    #expect(try parse("-9223372036854775808") == .integer(.min))
    #expect(try parse("1.0") == .number(1))
    #expect(try parse("1.") == .number(1))
    #expect(try parse(".5") == .number(0.5))
  }

  @Test(arguments: [
    ("1ns", 1), ("2u", 2_000), ("2us", 2_000), ("2µ", 2_000), ("2µs", 2_000), ("3ms", 3_000_000),
    ("4s", 4_000_000_000), ("1m", 60_000_000_000), ("1h30m", 5_400_000_000_000),
    ("1d", 86_400_000_000_000), ("1w1d1ns", 691_200_000_000_001), ("0s", 0),
    ("9223372036854775807ns", Int64.max),
  ])
  func durationIsSumOfItsParts(text: String, nanoseconds: Int64) throws {
    #expect(try parse(text) == .duration(nanoseconds))
  }

  @Test(arguments: ["1", "1x", "1hm", "1h30", "1hh", "1n", "1S", "1µµ", "9223372036854775808ns"])
  func durationThatIsNoneIsRefused(text: String) {
    #expect(throws: ParseError.self) {
      try Parser.parse("CREATE RETENTION POLICY p ON d DURATION \(text) REPLICATION 1")
    }
  }

  @Test func escapesAreResolvedAndWrittenAgain() throws {
    #expect(try parse(#"'a\'b\\c\nd\"e\rf"g'"#) == .string("a'b\\c\nd\"e\rf\"g"))
    #expect(
      try parse(#""a\"b\\c\nd\'e'f""#) == .reference("a\"b\\c\nd'e'f", cast: nil))
    #expect(Expression.string("a'b\\c\nd\"e\r").description == #"'a\'b\\c\nd"e\r'"#)
    #expect(Expression.reference("a\"b'", cast: nil).description == #""a\"b'""#)
    #expect(try parse(#"a =~ /\/x\d\\y/"#) == .binary(.matches, a, .regex(#"/x\d\\y"#)))
  }

  @Test(arguments: ["select", "SELECT", "0a", "a-b", "é", "", "a b", "true"])
  func nameThatWouldNotBeOneIsQuoted(name: String) {
    #expect(Expression.reference(name, cast: nil).description == "\"\(name)\"")
  }

  @Test(arguments: ["a", "_a0", "model", "fields", "time", "fill"])
  func nameThatIsOneIsBare(name: String) {
    #expect(Expression.reference(name, cast: nil).description == name)
  }

  @Test func numberIsWrittenWithoutExponent() {
    #expect(Expression.number(1e21).description == "1000000000000000000000.0")
    #expect(Expression.number(-1.25e-7).description == "-0.000000125")
    #expect(Expression.number(1).description == "1.0")
  }

  @Test func functionNamesAreLowered() throws {
    #expect(try parse("MEAN(a)") == .call("mean", [a]))
    #expect(try parse("f()") == .call("f", []))
  }

  @Test func parameterStandsForItsValue() throws {
    let parameters: [String: Expression] = [
      "host": .string("it's"), "n": .integer(-5), "r": .regex("x"),
      "name": .reference("q", cast: nil),
      "two words": .boolean(true), "d": .duration(1_000_000_000), "nested": .binary(.add, a, b),
      "nan": .number(.nan), "limit": .integer(7),
    ]
    #expect(try parse("a = $host", parameters: parameters) == .binary(.equal, a, .string("it's")))
    #expect(try parse("-$n", parameters: parameters) == .integer(5))
    #expect(try parse("a =~ $r", parameters: parameters) == .binary(.matches, a, .regex("x")))
    #expect(try parse("$\"two words\"", parameters: parameters) == .boolean(true))
    #expect(
      try Parser.parse(
        "SELECT $name FROM $name GROUP BY time($d), $name LIMIT $limit", parameters: parameters
      )
      .map(\.description) == ["SELECT q FROM q GROUP BY time(1s), q LIMIT 7"])
    for text in ["$nested", "$nan", "$r", "a =~ $host", "$missing", "-$host"] {
      #expect(throws: ParseError.self, "\(text)") { try parse(text, parameters: parameters) }
    }
    #expect(throws: ParseError.self) {
      try Parser.parse("SELECT x FROM m LIMIT $n", parameters: parameters)
    }
  }

  /// The text of a parameter is never read as a part of the query.
  @Test func parameterCannotChangeTheStatement() throws {
    let value = "'; DROP DATABASE d; --"
    let statements = try Parser.parse("DELETE WHERE a = $v", parameters: ["v": .string(value)])
    #expect(try Parser.parse(statements.map(\.description).joined()) == statements)
    #expect(statements.count == 1)
  }

  @Test func regexOfAParameterIsWrittenSoThatItEnds() throws {
    for pattern in ["a\\\\", "a\nb", "/"] {
      let text = "DELETE WHERE a =~ " + Expression.regex(pattern).description
      #expect(try Parser.parse(text).count == 1, "\(pattern)")
    }
    for pattern in ["*", "\\", "["] {
      #expect(throws: ParseError.self, "\(pattern)") {
        try Parser.parse("DELETE WHERE a =~ $r", parameters: ["r": .regex(pattern)])
      }
    }
  }
}

import Testing

@testable import Query

/// What Go's `regexp` says of the same patterns and texts.
@Suite struct RegexTests {
  @Test(arguments: [
    ("a+b", "xaab", true), ("a+b", "xb", false), ("^ab*$", "abbb", true), ("^ab*$", "abc", false),
    ("^(?:cart|front)-\\d+$", "front-12", true), ("^(?:cart|front)-\\d+$", "front-x", false),
    ("(?i)straße", "STRAßE", true), ("(?i)^[a-c]+$", "AbC", true), ("(?i)[^a]", "A", false),
    ("(?i:A)b", "ab", true), ("(?i:A)b", "aB", false), ("a.c", "a\nc", false),
    ("(?s)a.c", "a\nc", true), ("^b$", "a\nb", false), ("(?m)^b$", "a\nb\nc", true),
    ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false),
    ("^a{2,}$", "aaaa", true), ("a{,2}", "a{,2}", true), ("a{x", "a{x", true),
    ("\\bcart\\b", "my cart!", true), ("\\bcart\\b", "carts", false), ("\\Bart", "cart", true),
    ("[[:alpha:]]+[[:^digit:]]", "ab", true), ("[]a]", "]", true), ("[^]a]", "]", false),
    ("[a\\-z]", "-", true), ("[a-]", "-", true), ("[\\d\\s]x", " x", true), ("[^\\D]", "5", true),
    ("\\x41\\x{1F600}\\101", "A😀A", true), ("\\pL\\p{Nd}\\PL", "é٣-", true), ("\\d", "٣", false),
    ("\\p{^L}", "a", false), ("\\Qa.b\\E+", "a.bb", true), ("\\Qa.b", "axb", false),
    ("(?P<n>a)(?<m>b)", "ab", true), ("", "", true), ("^$", "", true), ("^$", "a", false),
    ("(a*)*", "b", true), ("(|a)+$", "b", true), ("a|", "x", true), ("^(a|b)*?c", "abac", true),
    ("x*", "", true), ("\\.", "a", false), ("\\z", "a", true), ("$^", "", true),
    ("a$b", "ab", false),
    ("\\t\\n\\x{0}", "\t\n\0", true), ("e\u{301}", "é", false),
  ])
  func matchesAsGoDoes(pattern: String, text: String, expected: Bool) throws {
    #expect(try Pattern(pattern).matches(text) == expected)
  }

  @Test(arguments: [
    "a)", "(a", "[a", "[z-a]", "*", "a**", "a{3,2}", "a{1001}", "(?=a)", "(?<=a)", "(?!a)", "\\1",
    "\\", "\\y", "[\\", "[a-\\", "(?P<>a)", "(?P<a", "(?z)", "(?i", "\\p{Nosuch}", "\\p",
    "\\x{110000}",
    "\\xZZ", "\\x4", "[[:nosuch:]]", "(?--i)", "a|*",
  ])
  func whatIsNoExpressionIsRefused(pattern: String) {
    #expect(throws: QueryError.self) { try Pattern(pattern) }
  }

  /// A search by characters does not see an e below its accent, and Foundation's trapped on NUL.
  @Test(arguments: ["\0", "e"])
  func literalsAreLookedForAsBytes(pattern: String) throws {
    #expect(try Pattern(pattern).matches("x-é\0") == (pattern == "\0"))
    #expect(try Pattern(pattern).matches("e\u{301}") == (pattern == "e"))
  }

  /// A backtracking engine needs longer than the universe has for these.
  @Test(arguments: [
    "(a+)+$", "^(a|a)*$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a*)*b", "(.*)*x",
  ])
  func timeDoesNotExplode(pattern: String) throws {
    #expect(try !Pattern(pattern).matches(String(repeating: "a", count: 10_000) + "!"))
  }

  @Test(arguments: [
    "((a{1,1000}){1,1000}){1,1000}", "(((){1000}){1000}){1000}",
    String(repeating: "(", count: 20_000), String(repeating: "(?:a|", count: 20_000),
    String(repeating: "abcdefghi|", count: 10_000),
  ])
  func sizeHasALimit(pattern: String) {
    #expect(throws: QueryError.self) { try Pattern(pattern) }
  }

  @Test func arbitraryTextIsReadOrRefused() {
    let pieces = [
      "a", "(", ")", "[", "]", "{", "}", "1", ",", "*", "+", "?", "|", "\\", "^", "$", ".", "-",
      ":",
      "(?i", "[:alpha:]", "\\p", "\\Q", "\\E", "\\x", "P<", "é", "\0",
    ]
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let pattern = (0..<Int.random(in: 1...12, using: &random))
        .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
      if let compiled = try? Pattern(pattern) {
        #expect(compiled.matches("a1-é\0") == compiled.matches("a1-é\0"), "\(pattern)")
      }
    }
  }
}

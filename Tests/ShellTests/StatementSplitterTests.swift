import TestSupport
import Testing

@testable import Shell

@Suite struct StatementSplitterTests {
  private func bodies(_ text: String) -> [String] {
    StatementSplitter.split(text).map(\.body).filter { !$0.isEmpty }
  }

  @Test func semicolonsEndStatements() {
    #expect(
      bodies("SELECT a FROM b; SHOW DATABASES ;\nSHOW MODELS") == [
        "SELECT a FROM b", "SHOW DATABASES", "SHOW MODELS",
      ])
  }

  @Test func semicolonsInQuotesAreData() {
    #expect(
      bodies(#"SELECT "a;b" FROM c WHERE d = 'it\';s;'; SHOW X"#) == [
        #"SELECT "a;b" FROM c WHERE d = 'it\';s;'"#, "SHOW X",
      ])
  }

  @Test func semicolonsInCommentsAreText() {
    #expect(
      bodies("-- one; two\nSELECT a -- three; four\nFROM b /* ; */; SHOW X") == [
        "SELECT a -- three; four\nFROM b /* ; */", "SHOW X",
      ])
    #expect(bodies("SHOW A; /* ; */ -- ;\n") == ["SHOW A"])
  }

  @Test(arguments: [
    #"SELECT a FROM /x;\/y/"#, "SELECT a FROM b WHERE c =~ /;/", "SELECT a FROM b WHERE c !~/;'/",
    "SELECT /;/ FROM a", "SHOW TAG VALUES WITH KEY IN (/;/)", "SELECT a FROM b GROUP BY /;/",
    "SELECT a FROM db.rp./;/", "SHOW SERIES FROM a, /;/",
  ])
  func semicolonsInRegexesAreData(statement: String) {
    #expect(bodies(statement + "; SHOW X") == [statement, "SHOW X"])
  }

  @Test(arguments: [
    "SELECT a / b FROM c", "SELECT (a) / 2 FROM c", #"SELECT "a" / "b" FROM c"#,
    "SELECT 4/a FROM b",
  ])
  func divisionIsNoRegex(statement: String) {
    #expect(bodies(statement + "; SELECT d / e FROM f") == [statement, "SELECT d / e FROM f"])
  }

  @Test func lineCommandsEndWithTheirLine() {
    #expect(
      bodies("USE db\nSELECT a\nFROM b;\\plot SELECT c;\n\\timing\nexit\n") == [
        "USE db", "SELECT a\nFROM b", "\\plot SELECT c;", "\\timing", "exit",
      ])
    #expect(bodies("USE db; SHOW X") == ["USE db", "SHOW X"])
  }

  @Test func lineProtocolHasItsOwnRules() {
    #expect(
      bodies(#"INSERT a;b,c\ d='x;y e="f;g\"h;",i=1;INSERT j k=1; SHOW X"#) == [
        #"INSERT a;b,c\ d='x;y e="f;g\"h;",i=1"#, "INSERT j k=1", "SHOW X",
      ])
    #expect(
      bodies("insert into \"r p\" a b=1 5\nSHOW X") == [
        "insert into \"r p\" a b=1 5", "SHOW X",
      ])
  }

  @Test func continuousQueriesStayWhole() {
    let statement = "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT a INTO b FROM c END"
    #expect(bodies(statement + ";" + statement) == [statement, statement])
  }

  @Test func aPieceKnowsWhetherItEnded() {
    func last(_ text: String) -> Bool? { StatementSplitter.split(text).last?.isComplete }
    #expect(last("SELECT a") == false)
    #expect(last("SELECT a;") == true)
    #expect(last("SELECT 'a;") == false)
    #expect(last("USE a") == false)
    #expect(last("USE a\n") == true)
    #expect(last("SHOW A;\n  ") == true)
    #expect(last("SHOW A; /* open") == false)
    #expect(last("SHOW A /* open ;") == false)
  }

  @Test func linesCountFromTheStatement() {
    let pieces = StatementSplitter.split("-- c\n\nSHOW A;\nSELECT\n'\n';SHOW B")
    #expect(pieces.map(\.line) == [2, 3, 5])
  }

  @Test func piecesJoinToTheText() {
    let parts = [
      "SELECT ", "a", ";", "'", "\"", "\\", "/", "--", "/*", "*/", "\n", " ", "INSERT ", "m,t=ü ",
      "f=1", "USE ", "=~", "FROM ", "(", ")", "é", "日", "\\plot ", "INTO ", ",", "\r\n", "$1",
    ]
    for seed in 0..<3000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in
        parts.randomElement(using: &random) ?? ""
      }.joined()
      let pieces = StatementSplitter.split(text)
      #expect(pieces.map(\.source).joined() == text, "seed \(seed)")
      for piece in pieces {
        #expect(Array(piece.source.utf8).contains(Array(piece.body.utf8)), "seed \(seed)")
      }
      #expect(!pieces.dropLast().contains { !$0.isComplete }, "seed \(seed)")
      #expect(pieces.allSatisfy { !$0.source.isEmpty }, "seed \(seed)")
    }
  }
}

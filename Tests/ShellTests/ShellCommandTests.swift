import Testing

@testable import Shell

@Suite struct ShellCommandTests {
  @Test func statementsAreLeftAlone() throws {
    for text in ["SELECT a FROM b", "user x", "inserted", "quit smoking", "help me"] {
      #expect(try ShellCommand(text) == .statement(text))
    }
  }

  @Test func useTakesQuotedNamesAndPolicies() throws {
    #expect(try ShellCommand("use db") == .use(ShellTarget(database: "db")))
    #expect(try ShellCommand(#"USE "a.\"b""#) == .use(ShellTarget(database: "a.\"b")))
    #expect(
      try ShellCommand(#"\use db."two weeks";"#)
        == .use(ShellTarget(database: "db", retentionPolicy: "two weeks")))
    for text in ["USE", "USE a b", "USE \"a", "USE .x", "USE a.", "USE a.b.c"] {
      #expect(throws: ShellUsageError.self, "\(text)") { try ShellCommand(text) }
    }
  }

  @Test func insertKeepsTheLine() throws {
    #expect(
      try ShellCommand(#"INSERT cpu,host=a\ b v=1,s="x y" 5"#)
        == .insert(line: #"cpu,host=a\ b v=1,s="x y" 5"#, retentionPolicy: nil))
    #expect(
      try ShellCommand("insert INTO week cpu v=1")
        == .insert(line: "cpu v=1", retentionPolicy: "week"))
    #expect(
      try ShellCommand(#"insert into "a week" cpu v=1"#)
        == .insert(line: "cpu v=1", retentionPolicy: "a week"))
    for text in ["INSERT", "INSERT INTO", "INSERT INTO week", "INSERT INTO \"week cpu v=1"] {
      #expect(throws: ShellUsageError.self, "\(text)") { try ShellCommand(text) }
    }
  }

  @Test func backslashCommands() throws {
    #expect(try ShellCommand("\\q") == .quit)
    #expect(try ShellCommand("\\HELP") == .help)
    #expect(try ShellCommand("\\databases") == .statement("SHOW DATABASES"))
    #expect(try ShellCommand("\\measurements") == .statement("SHOW MEASUREMENTS"))
    #expect(try ShellCommand("\\format csv") == .setFormat(.csv))
    #expect(try ShellCommand("\\format") == .setFormat(nil))
    #expect(try ShellCommand("\\precision ms") == .setPrecision(.epoch(.milliseconds)))
    #expect(try ShellCommand("\\precision rfc3339") == .setPrecision(.rfc3339))
    #expect(try ShellCommand("\\timing") == .setTiming(nil))
    #expect(try ShellCommand("\\timing on") == .setTiming(true))
    for text in ["\\", "\\nothing", "\\format xml", "\\precision years", "\\timing maybe"] {
      #expect(throws: ShellUsageError.self, "\(text)") { try ShellCommand(text) }
    }
  }

  @Test func plotAndWatch() throws {
    #expect(
      try ShellCommand("\\plot SELECT a FROM b;")
        == .plot(select: "SELECT a FROM b", logarithmic: false))
    #expect(
      try ShellCommand("\\plot log SELECT a FROM b")
        == .plot(select: "SELECT a FROM b", logarithmic: true))
    #expect(
      try ShellCommand("\\watch 0.5 \\plot SELECT a FROM b")
        == .watch(seconds: 0.5, .plot(select: "SELECT a FROM b", logarithmic: false)))
    for text in [
      "\\plot", "\\plot log", "\\watch", "\\watch 5", "\\watch x SHOW A", "\\watch nan SHOW A",
      "\\watch 0 SHOW A", "\\watch inf SHOW A", "\\watch 1 \\format xml",
    ] {
      #expect(throws: ShellUsageError.self, "\(text)") { try ShellCommand(text) }
    }
  }
}

import Testing
import TimeSeries

@testable import Shell

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("ｱ", 1), ("Ａ", 2), ("🙂", 2),
    ("🇩🇪", 2), ("👩‍👩‍👧", 2), ("❤\u{fe0f}", 2), ("한글", 4), ("\u{301}", 0), ("─", 1), ("⣿", 1),
  ])
  func widths(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test func truncationNeverExceedsTheWidth() {
    #expect(DisplayWidth.truncate("abcdef", to: 4) == "abc…")
    #expect(DisplayWidth.truncate("abcd", to: 4) == "abcd")
    #expect(DisplayWidth.truncate("日本語", to: 4) == "日…")
    #expect(DisplayWidth.truncate("abc", to: 0) == "")
  }

  @Test func nothingDrivesTheTerminal() {
    #expect(DisplayWidth.printable("a\u{1b}[31mb\n\t\u{7f}\u{9b}") == "a\\x1b[31mb\\n\\t\\x7f\\x9b")
    #expect(DisplayWidth.printable("a\u{202e}b") == "a\u{fffd}b")
    #expect(DisplayWidth.printable("naïve 日本") == "naïve 日本")
  }
}

@Suite struct TimeDisplayTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (1_500_000_000, "1970-01-01T00:00:01.5Z"),
    (-1, "1969-12-31T23:59:59.999999999Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
    (4_107_542_399_000_000_000, "2100-02-28T23:59:59Z"),
    (TimestampBounds.earliest, "1677-09-21T00:12:43.145224194Z"),
    (TimestampBounds.latest, "2262-04-11T23:47:16.854775806Z"),
    (Int64.min, "1677-09-21T00:12:43.145224192Z"), (Int64.max, "2262-04-11T23:47:16.854775807Z"),
  ])
  func rfc3339(timestamp: Int64, text: String) {
    #expect(TimeDisplay.rfc3339.text(timestamp) == text)
  }

  @Test func epochs() {
    #expect(TimeDisplay("ms")?.text(1_234_567_890) == "1234")
    #expect(TimeDisplay("NS")?.text(5) == "5")
    #expect(TimeDisplay("RFC3339") == .rfc3339)
    #expect(TimeDisplay("d") == nil)
  }
}

@Suite struct ValueTextTests {
  @Test(arguments: [
    (1.0, "1"), (-0.5, "-0.5"), (0.1 + 0.2, "0.30000000000000004"), (1e300, "1e+300"),
    (.nan, "NaN"), (.infinity, "inf"), (9_007_199_254_740_992, "9007199254740992.0"),
  ])
  func floats(value: Double, text: String) {
    #expect(ValueText.of(value) == text)
  }

  @Test func otherTypes() {
    #expect(ValueText.of(FieldValue.unsigned(.max)) == "18446744073709551615")
    #expect(ValueText.of(FieldValue.boolean(true)) == "true")
    #expect(ValueText.of(nil) == "")
  }
}

@Suite struct ErrorReportTests {
  @Test func positionIsMarked() {
    #expect(
      ErrorReport.render("found FRM, expected FROM at line 1, char 10", statement: "SELECT v FRM x")
        == """
        error: found FRM, expected FROM at line 1, char 10
          SELECT v FRM x
                   ^

        """)
  }

  @Test func theRightLineIsShownAndWideTextCounted() {
    let text = ErrorReport.render(
      "bad at line 2, char 5", statement: "SELECT\n\t'日'x", location: "a.sql:7")
    #expect(text == "error: a.sql:7: bad at line 2, char 5\n   '日'x\n       ^\n")
  }

  @Test(arguments: ["at line 9, char 1", "at line 1, char 99", "at line 0, char 0", "oops"])
  func positionsOutsideAreNotMarked(message: String) {
    #expect(ErrorReport.render(message, statement: "SHOW X") == "error: \(message)\n")
  }

  @Test(arguments: [5, 6])
  func theEndCanBeMarked(character: Int) {
    let text = ErrorReport.render("found EOF at line 1, char \(character)", statement: "SHOW")
    #expect(text.hasSuffix("\n  SHOW\n      ^\n"))
  }
}

import Testing
import TimeSeries

@testable import Server

@Suite struct WriteFailureTests {
  private func malformed(_ line: String, _ reason: String) -> WriteOutcome.Rejection {
    .init(line: 1, reason: .malformed(line: line, reason: reason))
  }

  @Test func nothingIsSaidOfAWriteThatWasTakenIn() {
    #expect(WriteFailure(WriteOutcome(acceptedPoints: 3)) == nil)
    #expect(WriteFailure(WriteOutcome()) == nil)
  }

  @Test func linesThatDoNotParseAreListed() {
    let lines = [
      malformed("bad", "missing fields"), malformed("worse x", "invalid field format"),
    ]
    let text =
      "unable to parse 'bad': missing fields\nunable to parse 'worse x': invalid field format"
    #expect(WriteFailure(WriteOutcome(rejections: lines))?.message == text)
    #expect(
      WriteFailure(WriteOutcome(acceptedPoints: 1, rejections: lines))?.message
        == "partial write: \(text) dropped=0")
  }

  @Test func droppedPointsAreCountedAndOneReasonIsGiven() {
    let rejections: [WriteOutcome.Rejection] = [
      malformed("bad", "missing fields"), .init(line: 2, reason: .beyondRetention(1)),
      .init(line: 3, reason: .timestampOutOfRange(.max)),
    ]
    #expect(
      WriteFailure(WriteOutcome(acceptedPoints: 1, rejections: rejections))?.message
        == "partial write: points beyond retention policy dropped=2")
  }

  /// InfluxDB answers 25 MB to 25 MB of nonsense.
  @Test func theAnswerToNonsenseIsBounded() throws {
    let long = malformed(String(repeating: "é", count: 1_000_000), "missing fields")
    let outcome = WriteOutcome(rejections: Array(repeating: long, count: 1000))
    let message = try #require(WriteFailure(outcome)?.message)
    #expect(message.utf8.count < 100_000)
    #expect(message.hasPrefix("unable to parse 'é"))
    #expect(message.hasSuffix("more lines"))
  }

  @Test func linesThatWereOnlyCountedAreCountedHereToo() throws {
    let long = malformed(String(repeating: "x", count: 40_000), "missing fields")
    let outcome = WriteOutcome(rejections: Array(repeating: long, count: 30), unlistedLines: 7)
    let lines = try #require(WriteFailure(outcome)?.message).split(separator: "\n")
    #expect(lines.last == "and \(30 - (lines.count - 1) + 7) more lines")
  }
}

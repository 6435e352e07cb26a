import Foundation
import Testing

@testable import Collect

@Suite struct WriteAnswerTests {
  @Test func partialWritesTellHowManyLinesAreMissing() {
    func verdict(_ message: String) -> WriteAnswer.Verdict {
      WriteAnswer(status: 400, message: message).verdict
    }
    #expect(
      verdict("partial write: points beyond retention dropped=12") == .partlyRefused(lines: 12))
    #expect(
      verdict("partial write: unable to parse 'dropped=9' dropped=0") == .partlyRefused(lines: 1))
    #expect(verdict("partial write") == .partlyRefused(lines: 1))
    #expect(verdict("partial write dropped=99999999999999999999") == .partlyRefused(lines: 1))
    #expect(verdict("unable to parse 'x'") == .refused)
  }

  @Test func retryAfterIsSecondsOrADate() {
    let now = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT
    #expect(RetryAfter.duration(" 120 ", now: now) == .seconds(120))
    #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:50:37 GMT", now: now) == .seconds(60))
    #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:00:00 GMT", now: now) == .zero)
    for text in ["", "-1", "soon", "1e9", "99999999999"] {
      #expect(RetryAfter.duration(text, now: now) == nil)
    }
  }

  @Test func theReasonIsTakenOutOfItsJSON() {
    #expect(HTTPTransport.message(in: Data(#"{"error":"no \"x\""}"#.utf8)) == #"no "x""#)
    #expect(HTTPTransport.message(in: Data("<html>".utf8)) == "<html>")
  }

  @Test func anAddressThatIsNoneIsRefused() {
    for url in ["localhost:8086", "ftp://a", "http://", "http://a?x=1", "http://u:p@a"] {
      #expect(throws: WriteTargetError.self) {
        _ = try HTTPTransport(WriteTarget(url: url, database: "d"), userAgent: "test")
      }
    }
  }
}

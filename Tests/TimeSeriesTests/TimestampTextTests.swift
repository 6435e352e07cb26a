import TestSupport
import Testing

@testable import TimeSeries

@Suite("Times as text")
struct TimestampTextTests {
  @Test(
    "times are read to the nanosecond, with any offset",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("2026-11-23T21:46:13.484289696Z", 1_795_470_373_484_289_696),
      ("2026-11-23T21:46:13.5Z", 1_795_470_373_500_000_000),
      ("2026-11-24T03:16:13+05:30", 1_795_470_373_000_000_000),
      ("2026-11-23T13:46:13-08:00", 1_795_470_373_000_000_000),
      ("2024-02-29T23:59:59Z", 1_709_251_199_000_000_000),
      ("1969-12-31T23:59:59.999999999Z", -1),
    ] as [(String, Int64)])
  func times(text: String, timestamp: Int64) {
    #expect(TimestampText.timestamp(rfc3339: text) == timestamp)
  }

  @Test(
    "what is no time, or before the first that can be stored, is none",
    arguments: [
      "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-23T21:46:13", "2026-11-23",
      "2026-13-23T21:46:13Z", "2026-11-23T21:46:13.Z", "2026-11-23T21:46:13.1234567890Z",
      "2026-11-23T21:46:13Zx", "2026-11-23T21:46:13+1:00", "2026-11-23T21:46:+3Z",
    ])
  func notTimes(text: String) {
    #expect(TimestampText.timestamp(rfc3339: text) == nil)
  }

  @Test(
    "what is written is read again",
    arguments: [TimestampBounds.earliest, TimestampBounds.latest, 0, -1, 951_868_799_999_999_999])
  func roundTrip(timestamp: Timestamp) {
    #expect(TimestampText.timestamp(rfc3339: TimestampText.rfc3339(timestamp)) == timestamp)
    var random = SeededGenerator(seed: UInt64(bitPattern: timestamp))
    for _ in 0..<1000 {
      let any = Timestamp.random(
        in: TimestampBounds.earliest...TimestampBounds.latest, using: &random)
      #expect(TimestampText.timestamp(rfc3339: TimestampText.rfc3339(any)) == any)
    }
  }
}

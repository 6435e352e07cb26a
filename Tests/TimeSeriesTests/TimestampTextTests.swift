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

  private static let zone = ZoneClock(
    name: "Nowhere", offset: 3_208_000_000_000,
    changes: [
      .init(start: 0, offset: 3_600_000_000_000), .init(start: 10_000_000_000, offset: 0),
      .init(start: 20_000_000_000, offset: -12_600_000_000_000),
    ])

  @Test(
    "times of a zone are local, offsets without seconds",
    arguments: [
      (-1, "1970-01-01T00:53:27.999999999+00:53"), (0, "1970-01-01T01:00:00+01:00"),
      (9_999_999_999, "1970-01-01T01:00:09.999999999+01:00"),
      (10_000_000_000, "1970-01-01T00:00:10Z"), (20_000_000_000, "1969-12-31T20:30:20-03:30"),
      (TimestampBounds.latest, "2262-04-11T20:17:16.854775806-03:30"),
    ] as [(Timestamp, String)])
  func zones(timestamp: Timestamp, expected: String) {
    #expect(TimestampText.rfc3339(timestamp, zone: Self.zone) == expected)
    var writer = RFC3339Writer(zone: Self.zone)
    var bytes: [UInt8] = []
    for time in [20_000_000_000, timestamp, 5, timestamp] {
      bytes.removeAll()
      writer.append(time, to: &bytes)
    }
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }

  @Test("a local time that no timestamp has is given in UTC")
  func zoneBeyondTheRange() {
    let ahead = ZoneClock(name: "Ahead", offset: 3_600_000_000_000)
    #expect(
      TimestampText.rfc3339(TimestampBounds.latest, zone: ahead)
        == "2262-04-11T23:47:16.854775806Z")
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

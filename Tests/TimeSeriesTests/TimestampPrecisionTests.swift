import Testing
import TimeSeries

@Suite struct TimestampPrecisionTests {
  @Test func convertsOrRefusesNeverWraps() {
    #expect(TimestampPrecision.seconds.timestamp(of: 1_661_140_279) == 1_661_140_279_000_000_000)
    #expect(TimestampPrecision.hours.timestamp(of: .max) == nil)
    #expect(TimestampPrecision.hours.timestamp(of: .min) == nil)
    #expect(TimestampPrecision.nanoseconds.timestamp(of: .max) == nil)
    let latest = Int64.max - 1
    #expect(TimestampPrecision.nanoseconds.timestamp(of: latest) == latest)
    #expect(TimestampPrecision.nanoseconds.timestamp(of: .min + 1) == nil)
  }

  @Test(arguments: [
    ("n", TimestampPrecision.nanoseconds), ("ns", .nanoseconds), ("u", .microseconds),
    ("µ", .microseconds), ("us", .microseconds), ("ms", .milliseconds), ("s", .seconds),
    ("m", .minutes), ("h", .hours),
  ])
  func readsTheSpellingsOfClients(_ name: String, _ expected: TimestampPrecision) {
    #expect(TimestampPrecision(name) == expected)
  }

  @Test func refusesOtherSpellings() {
    #expect(TimestampPrecision("") == nil)
    #expect(TimestampPrecision("d") == nil)
  }
}

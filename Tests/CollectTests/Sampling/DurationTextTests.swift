import Testing

@testable import Collect

@Suite("Durations as people write them")
struct DurationTextTests {
  @Test("a number and a unit")
  func read() {
    #expect(DurationText.duration("500ms") == .milliseconds(500))
    #expect(DurationText.duration("1s") == .seconds(1))
    #expect(DurationText.duration("2m") == .seconds(120))
    #expect(DurationText.duration("1h") == .seconds(3600))
  }

  @Test(
    "anything else is none",
    arguments: [
      "", "s", "1", "1.5s", "-1s", "1 s", "1sec", "99999999999999999999s", "3000000h", "١s",
    ])
  func refused(text: String) {
    #expect(DurationText.duration(text) == nil)
  }

  @Test("nanoseconds of any duration")
  func nanoseconds() {
    #expect(Duration.milliseconds(1500).nanoseconds == 1_500_000_000)
    #expect((Duration.zero - .nanoseconds(7)).nanoseconds == -7)
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(Duration.seconds(Int64.min + 1).nanoseconds == .min)
  }
}

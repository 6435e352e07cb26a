import Testing

@testable import TimeSeries

@Suite("Dates")
struct CivilDateTests {
  @Test("every day of four centuries has a date, one after the other")
  func dates() {
    var known = CivilDate(daysSinceEpoch: -40_000)
    for day in Int64(-39_999)...106_097 {
      let date = CivilDate(daysSinceEpoch: day)
      #expect(date.daysSinceEpoch == day)
      #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
      let isNext =
        date.day == known.day + 1 && date.month == known.month && date.year == known.year
        || date.day == 1 && date.month == known.month + 1 && date.year == known.year
        || date.day == 1 && date.month == 1 && known.month == 12 && date.year == known.year + 1
      #expect(isNext)
      known = date
    }
  }

  @Test(
    "a day that is not in the calendar is none",
    arguments: [
      (2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0),
    ])
  func noSuchDay(year: Int64, month: Int64, day: Int64) {
    #expect(CivilDate(year: year, month: month, day: day) == nil)
  }
}

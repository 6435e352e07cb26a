import Testing

@testable import Collect

@Suite struct PossibleProcessorsTests {
  @Test func rangesAndSingleProcessorsAreCounted() {
    let list = PossibleProcessors(list: "0-3,8,10-11")
    #expect(list?.count == 7)
    #expect(list?.highest == 11)
    #expect(PossibleProcessors(list: "0")?.count == 1)
  }

  @Test(arguments: ["", "a", "0-", "-3", "3-1", "0-1,1", "0-1-2", "0,", "0-99999", "5,2"])
  func whatIsNoListIsNil(list: String) {
    #expect(PossibleProcessors(list: Substring(list)) == nil)
  }

  @Test func thisMachineHasProcessors() {
    #expect((PossibleProcessors.current()?.count ?? 0) > 0)
  }
}

import Testing
import TimeSeries

@Suite struct ColumnTests {
  @Test(arguments: [0, 1, 63, 64, 65, 200])
  func validityCountsOnlyRowsItHas(_ count: Int) {
    #expect(Validity(repeating: true, count: count).presentCount == count)
    #expect(Validity(repeating: false, count: count).presentCount == 0)
    let noisy = Validity(words: Array(repeating: .max, count: 4), count: count)
    #expect(noisy.presentCount == count)
  }

  @Test func appendedValidityReadsBack() {
    var validity = Validity(repeating: false, count: 0)
    for row in 0..<150 { validity.append(row % 3 == 0) }
    #expect((0..<150).allSatisfy { validity[$0] == ($0 % 3 == 0) })
    #expect(validity.presentCount == 50)
  }

  @Test func absentRowsReadAsNil() {
    var validity = Validity(repeating: true, count: 3)
    validity[1] = false
    let column = Column(.integer([7, 0, 9]), validity: validity)
    #expect(column[0] == .integer(7))
    #expect(column[1] == nil)
    #expect(column[2] == .integer(9))
  }
}

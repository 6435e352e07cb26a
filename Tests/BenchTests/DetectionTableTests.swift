import Bench
import Testing
import TimeSeries

@Suite struct DetectionTableTests {
  static let minute: Int64 = 60_000_000_000

  /// Rows 0 to 99 minutes, of which the flagged have `peak` times the threshold.
  func scores(_ pod: String, flagged: Set<Int64>, peak: Double = 2) -> PodScores {
    let rows = Array(Int64(0)..<100)
    return PodScores(
      pod: pod, timestamps: rows.map { $0 * Self.minute },
      ratios: rows.map { flagged.contains($0) ? peak : $0 == 0 ? .nan : 0.5 },
      anomalies: rows.map(flagged.contains), threshold: 0.5)
  }

  @Test func countsFlagsInTheFreeSpanOnly() {
    let table = DetectionTable(
      scores: [scores("a", flagged: [5, 50, 51, 99])], faults: [],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.rows[0].freeRows == 20)
    #expect(table.rows[0].falsePositives == 2)
    #expect(table.rows[0].falsePositivePercent == 10)
  }

  @Test(
    arguments: [
      // Flagged in the bucket the injection falls into, up to six minutes later, and not outside.
      ([9], false), ([10], true), ([16], true), ([17], false), ([], false),
    ] as [([Int64], Bool)])
  func aFaultIsFoundWithinItsWindow(_ flagged: [Int64], _ expected: Bool) {
    let fault = Fault(
      injected: 10 * Self.minute + Self.minute / 2, pod: "a", kind: .networkDelay)
    let table = DetectionTable(
      scores: [scores("a", flagged: Set(flagged))], faults: [fault],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.all.found == (expected ? 1 : 0))
    #expect(table.tally(of: .networkDelay).injected == 1)
    #expect(table.tally(resource: true) == table.all)
    #expect(table.tally(resource: false).injected == 0)
  }

  @Test func anotherPodsFlagFindsNothing() {
    let table = DetectionTable(
      scores: [scores("a", flagged: [10]), scores("b", flagged: [])],
      faults: [Fault(injected: 10 * Self.minute, pod: "b", kind: .cpuConsumed)],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.all.found == 0)
    #expect(table.faults.map(\.rank) == [2])
    #expect(table.rows.map(\.injected) == [0, 1])
  }

  @Test func ranksByThePeakWhileTheFaultShows() {
    // Pod c is higher, but at another time; b is higher at the same.
    let fault = Fault(
      injected: 10 * Self.minute + Self.minute / 2, pod: "a", kind: .cpuConsumed)
    func table(_ other: Double) -> DetectionTable {
      DetectionTable(
        scores: [
          scores("a", flagged: [12, 13], peak: 3), scores("b", flagged: [11], peak: other),
          scores("c", flagged: [30], peak: 9),
        ], faults: [fault], free: 40 * Self.minute..<60 * Self.minute)
    }
    let second = table(4)
    #expect(second.faults.map(\.rank) == [2] && second.faults.map(\.peak) == [3])
    #expect(second.all.found == 1 && second.all.first == 0)
    // The row of minute 12 ends two and a half minutes after the injection.
    #expect(second.faults[0].delay == 5 * Self.minute / 2)
    #expect(table(2).all.first == 1)
    #expect(table(2).faultText.contains("150"))
  }

  @Test func aPodThatIsFirstButNotFlaggedIsNotFoundFirst() {
    let table = DetectionTable(
      scores: [scores("a", flagged: [])],
      faults: [Fault(injected: 10 * Self.minute, pod: "a", kind: .exception)],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.faults.map(\.rank) == [1])
    #expect(table.all.found == 0 && table.all.first == 0)
  }

  @Test func theMeanIsOverPodsThatHaveRows() {
    var short = scores("b", flagged: [])
    short.timestamps = short.timestamps.map { $0 + 1000 * Self.minute }
    var half = scores("c", flagged: [])
    half.timestamps = Array(half.timestamps.prefix(50))
    let table = DetectionTable(
      scores: [scores("a", flagged: [45]), short, half], faults: [],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.meanFalsePositivePercent == 2.5)
    #expect(abs(table.falsePositivePercent - 100.0 / 30) < 1e-9)
  }

  @Test func aPodWithoutScoresIsListed() {
    let table = DetectionTable(
      scores: [], faults: [Fault(injected: 0, pod: "gone", kind: .exception)],
      free: 0..<Self.minute)
    #expect(table.rows.map(\.pod) == ["gone"])
    #expect(table.text.contains("no model"))
  }
}

@Suite struct FaultCSVTests {
  @Test func writesAndReadsBack() throws {
    let faults = DayGenerator().faults
    #expect(faults.count == 24)
    #expect(Set(faults.map(\.kind)).count == 5)
    #expect(try FaultCSV.parse(FaultCSV.format(faults)) == faults)
  }

  @Test(arguments: ["a,b", "yesterday,pod,return", "2022-08-22T00:00:00Z,pod,earthquake"])
  func namesTheLineThatIsWrong(_ line: String) {
    let error = #expect(throws: LabelError.self) {
      try FaultCSV.parse("inject_time_utc,pod,fault_type\n" + line)
    }
    #expect(error?.line == 2)
  }
}

@Suite struct DayGeneratorTests {
  @Test func hasTheShapeOfThePublishedDay() {
    let batch = DayGenerator().points()
    #expect(batch.points.count == 12_090)
    #expect(batch.seriesKeys.count == 10)
    #expect(batch.points.allSatisfy { $0.fieldCount == 19 })
    #expect(
      batch.fields.allSatisfy { Double(bitPattern: $0.bits).isFinite && $0.type == .float })
  }

  @Test func theSameSeedGivesTheSameDay() {
    let a = DayGenerator(seed: 3).points()
    let b = DayGenerator(seed: 3).points()
    #expect(a.fields == b.fields)
    #expect(a.points == b.points)
    #expect(DayGenerator(seed: 4).points().fields != a.fields)
  }
}

import Bench
import Testing
import TimeSeries

@Suite struct DetectionTableTests {
  static let minute: Int64 = 60_000_000_000

  func scores(_ pod: String, flagged: Set<Int64>) -> PodScores {
    let rows = Array(Int64(0)..<100)
    return PodScores(
      pod: pod, timestamps: rows.map { $0 * Self.minute }, anomalies: rows.map(flagged.contains),
      threshold: 0.5)
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
    #expect(table.found == (expected ? 1 : 0))
    #expect(table.kinds.first { $0.kind == .networkDelay }?.injected == 1)
  }

  @Test func anotherPodsFlagFindsNothing() {
    let table = DetectionTable(
      scores: [scores("a", flagged: [10]), scores("b", flagged: [])],
      faults: [Fault(injected: 10 * Self.minute, pod: "b", kind: .cpuConsumed)],
      free: 40 * Self.minute..<60 * Self.minute)
    #expect(table.found == 0)
    #expect(table.rows.map(\.injected) == [0, 1])
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

import Query
import Testing
import TimeSeries

@testable import Watch

@Suite struct FaultReportTests {
  /// From 10 s after midnight for 5 s, half a second into a row's interval.
  private let fault = Mark(
    text: "cpu-hog", group: "cart", from: midnight + 10 * second + second / 2,
    until: midnight + 15 * second + second / 2)

  private func report(
    _ health: [String: [Health]], faults: [Mark]? = nil, aftermath: Int64 = 0
  ) -> FaultReport {
    FaultReport(
      faults: faults ?? [fault], health: health, interval: second, aftermath: aftermath * second)
  }

  /// Rows of the seconds, flagged where `flags` has them.
  private func rows(_ seconds: Range<Int64>, flags: Set<Int64> = []) -> [Health] {
    seconds.map {
      Health(
        at: $0, anomaly: flags.contains($0),
        shares: $0 == 12 ? ["cpu_usage": 0.2, "sys_calls": 0.8] : ["cpu_usage": 1, "sys_calls": 0])
    }
  }

  @Test func aFaultIsFlaggedWhenItsRowIsComplete() {
    let outcome = report(["cart": rows(0..<20, flags: [12, 13])]).outcomes[0]
    #expect(outcome.flaggedAt == midnight + 13 * second)
    #expect(outcome.delay == 5 * second / 2)
    #expect(outcome.top == FaultReport.Share(metric: "cpu_usage", part: 0.6))
  }

  @Test func theRowInWhichItBeganAndTheOneInWhichItEndedAreItsOwn() {
    #expect(report(["cart": rows(0..<20, flags: [10])]).found == 1)
    #expect(report(["cart": rows(0..<20, flags: [15])]).found == 1)
    #expect(report(["cart": rows(0..<20, flags: [9])]).found == 0)
    #expect(report(["cart": rows(0..<20, flags: [16])]).found == 0)
  }

  @Test func anotherContainersFlagDoesNotFindIt() {
    let report = report(["cart": rows(0..<20), "load": rows(0..<20, flags: [12, 18])])
    #expect(report.found == 0)
    #expect(report.outcomes[0].elsewhere == FaultReport.Tally(scored: 6, flagged: 1))
    #expect(report.calm["load"] == FaultReport.Tally(scored: 14, flagged: 1))
  }

  @Test func aFlagThatWasUpAlreadySaysNothing() {
    let outcome = report(["cart": rows(0..<20, flags: [9, 10, 11])]).outcomes[0]
    #expect(outcome.flaggedAt == nil && outcome.wasFlagged)
  }

  @Test func aFaultOfAContainerWithoutRowsIsNotFound() {
    let outcome = report([:]).outcomes[0]
    #expect(outcome.flaggedAt == nil && outcome.delay == nil && outcome.top == nil)
  }

  @Test func theAftermathCountsNeitherWay() {
    let health = ["cart": rows(0..<20, flags: [16, 17, 18]), "load": rows(0..<20, flags: [17])]
    #expect(report(health).calm["cart"] == FaultReport.Tally(scored: 14, flagged: 3))
    let spared = report(health, aftermath: 3)
    #expect(spared.calm["cart"] == FaultReport.Tally(scored: 11, flagged: 0))
    #expect(spared.calm["load"] == FaultReport.Tally(scored: 14, flagged: 1))
  }

  @Test func rowsWithoutAScoreCountNeitherWay() {
    let unscored = (0..<20).map { Health(at: $0, loss: nil, anomaly: false, state: "warm-up") }
    let report = report(["cart": unscored, "load": unscored])
    #expect(report.calm["load"] == FaultReport.Tally() && report.outcomes[0].elsewhere.scored == 0)
  }

  @Test func marksOfNoContainerOrNoEndAreNoFaults() {
    let marks = [
      Mark(text: "normal load", group: nil, from: midnight, until: midnight + second),
      Mark(text: "endless", group: "cart", from: midnight, until: nil),
    ]
    #expect(report(["cart": rows(0..<20)], faults: marks).outcomes.isEmpty)
  }

  @Test func theEndsOfTimeDoNotOverflow() {
    let ever = Mark(text: "ever", group: "cart", from: .min, until: .max)
    let health = [
      Health(time: .max - 1, loss: 1, threshold: 1, anomaly: true, state: "", shares: [:])
    ]
    let report = report(["cart": health], faults: [ever], aftermath: 10)
    #expect(report.outcomes.count == 1)
  }
}

@Suite struct FaultTableTests {
  @Test func itHasALineForEachFaultAndWhatWasFlaggedBesides() {
    let faults = ["cart", "payment", "load"].enumerated().map { index, pod in
      Mark(
        text: "fault-\(index)", group: pod, from: midnight + Int64(index) * 10 * second,
        until: midnight + Int64(index) * 10 * second + 5 * second)
    }
    let health: [String: [Health]] = [
      "cart": (0..<40).map {
        Health(at: $0, anomaly: [2, 3, 37].contains($0), shares: ["cpu_usage": 0.623])
      },
      "payment": (0..<40).map { Health(at: $0) },
      "load": (0..<40).map { Health(at: $0, anomaly: [19, 20, 21].contains($0)) },
    ]
    let report = FaultReport(faults: faults, health: health, interval: second, aftermath: 0)
    #expect(
      FaultTable.render(report, group: "pod") == [
        "fault    pod      injected at  flagged at      delay  top metric      elsewhere",
        "fault-0  cart     00:00:00     00:00:03        3.0 s  cpu_usage 62 %  0 of 10",
        "fault-1  payment  00:00:10     not flagged                            0 of 10",
        "fault-2  load     00:00:20     flagged before                         0 of 10",
        "1 of 3 faults flagged",
        "false positives in other pods meanwhile: 0 of 30 rows (0.00 %)",
        "false positives at other times: 2 of 75 rows (2.67 %)",
        "  cart: 1 of 25",
        "  load: 1 of 25",
      ])
  }

  @Test func noFaultsAndNoRowsAreATableToo() {
    let report = FaultReport(faults: [], health: [:], interval: second, aftermath: 0)
    #expect(FaultTable.render(report, group: "pod").contains("0 of 0 faults flagged"))
  }
}

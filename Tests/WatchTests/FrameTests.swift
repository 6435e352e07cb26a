import Shell
import TestSupport
import Testing
import TimeSeries

@testable import Watch

@Suite struct FrameTests {
  private let settings = WatchSettings(database: "shop", units: ["cpu_usage": .processor])

  private func text(_ state: WatchState, width: Int = 100, height: Int = 24) -> [String] {
    Frame(state: state, settings: settings, width: width, height: height).lines()
      .map { $0.render(width: width, color: false) }
  }

  private func state(_ containers: [WatchedContainer], metrics: [String] = ["cpu_usage"])
    -> WatchState
  {
    WatchState(
      now: midnight + 2 * second, place: "http://db shop", answered: midnight + 2 * second,
      containers: containers, metrics: metrics)
  }

  @Test func aContainerHasItsLossItsFlagAndItsMetrics() {
    let health = Health(
      at: 0, loss: 3, threshold: 0.3, anomaly: true,
      shares: ["cpu_usage": 0.62, "sys_calls": 0.38])
    let lines = text(state([WatchedContainer("cart", health: health, cpu: [1e7, 9e8])]))
    #expect(lines[0] == "http://db shop  00:00:02 UTC  1 pods  1 flagged")
    #expect(lines[2].hasPrefix("cart      ████████████████┃████████········"))
    #expect(lines[2].hasSuffix("  rl 3 / 0.3  ANOMALY  cpu_usage 62 %"))
    #expect(lines[3].contains("cpu_usage     90%"))
    #expect(lines[3].contains("▁█"))
    #expect(lines.count == 4)
  }

  @Test func whatHasNoScoreSaysWhy() {
    let rows = [
      WatchedContainer("a"),
      WatchedContainer("b", health: Health(at: 0, loss: nil, state: "warm-up")),
      WatchedContainer("c", health: Health(at: 0)),
      WatchedContainer("d", health: Health(at: 0, loss: 9, state: "masked")),
      WatchedContainer("e", health: Health(at: 0, loss: nil, state: "")),
    ]
    let lines = text(state(rows, metrics: []), height: 30)
    func line(_ name: String) -> String { lines.first { $0.hasPrefix(name + " ") } ?? "" }
    #expect(line("a").hasSuffix("no model"))
    #expect(line("b").hasSuffix("warm-up"))
    #expect(line("c").hasSuffix("ok"))
    #expect(line("d").hasSuffix("masked"))
    #expect(line("e").hasSuffix("no score"))
  }

  @Test func nothingAtAllIsSaid() {
    #expect(text(state([], metrics: [])).last == "nothing to show yet: no rows of the last minute")
  }

  @Test func aServerThatIsAwayIsSaidWithWhatIsShown() {
    var away = state([WatchedContainer("cart")])
    away.now += 8 * second
    away.problem = "http://db: connection refused"
    let lines = text(away)
    #expect(lines[1] == "no answer, what is shown is of 00:00:02: http://db: connection refused")
    #expect(lines.contains { $0.hasPrefix("cart") })
  }

  @Test func aSilentContainerIsNoHealthyOne() {
    var silent = state([WatchedContainer("cart", health: Health(at: 0))])
    silent.answered = midnight + 42 * second
    #expect(text(silent)[2].hasSuffix("silent for 42 s"))
  }

  @Test func aFlagOfLongAgoSaysSo() {
    var stale = state([WatchedContainer("cart", health: Health(at: 0, loss: 2, anomaly: true))])
    stale.answered = midnight + 30 * second
    stale.containers[0].lastRow = midnight + 29 * second
    #expect(text(stale)[2].hasSuffix("ANOMALY  30 s ago"))
  }

  @Test func onlyOpenMarksAreShown() {
    var marked = state([])
    marked.marks = [
      Mark(text: "old", group: "cart", from: midnight - 60 * second, until: midnight),
      Mark(text: "cpu-hog", group: "cart", from: midnight, until: midnight + 20 * second),
      Mark(text: "rollout", group: nil, from: midnight + second, until: nil),
      Mark(text: "later", group: nil, from: midnight + 60 * second, until: nil),
    ]
    let lines = text(marked).filter { $0.hasPrefix("▶") }
    #expect(lines == ["▶ cpu-hog in cart, 2 of 20 s", "▶ rollout, 1 s"])
  }

  @Test func marksAtTheEndsOfTimeDoNotOverflow() {
    var marked = state([])
    marked.marks = [Mark(text: "ever", group: nil, from: .min, until: .max)]
    #expect(text(marked)[1].hasPrefix("▶ ever"))
  }

  @Test func ofTooManyContainersTheUrgentOnesAreShown() {
    var containers = (0..<50).map {
      WatchedContainer("pod-\(100 + $0)", health: Health(at: 0, loss: Double($0) / 100))
    }
    containers[3].health?.anomaly = true
    let lines = text(state(containers), height: 10)
    #expect(lines.count == 10)
    #expect(lines[2].hasPrefix("pod-103"))
    #expect(lines[3].hasPrefix("pod-149"))
    #expect(lines[9] == "… and 43 more, 0 of them flagged")
  }

  @Test func hiddenFlagsAreCounted() {
    let flagged = (0..<30).map {
      WatchedContainer("pod-\($0)", health: Health(at: 0, loss: 2, anomaly: true))
    }
    #expect(text(state(flagged), height: 12).last == "… and 21 more, 21 of them flagged")
  }

  @Test func namesCannotDriveTheTerminal() {
    var bad = state([WatchedContainer("\u{1b}[2Jcart\n", health: Health(at: 0))])
    bad.marks = [Mark(text: "a\u{7}b", group: "\u{1b}c", from: midnight, until: nil)]
    bad.problem = "\u{1b}[31m"
    let all = text(bad).joined()
    #expect(!all.unicodeScalars.contains { $0.value < 0x20 })
    #expect(all.contains("\\x1b[2Jcart"))
  }

  /// A state of anything that a database may hold.
  private func randomState(_ generator: inout SeededGenerator) -> WatchState {
    let names = ["cart", "", "payment-7f8d9c6b5-x2x9z-and-much-longer", "日本語のポッド", "👩‍👩‍👧 e\u{301}"]
    let numbers: [Double?] = [
      nil, 0, -1, 0.001, .leastNonzeroMagnitude, 12345.678, 1e18, -1e300, .infinity, .nan,
    ]
    let metrics = (0..<Int.random(in: 0...12, using: &generator)).map {
      "metric_\($0)\(generator.pick(names))"
    }
    let containers = (0..<Int.random(in: 0...40, using: &generator)).map { index in
      var container = WatchedContainer(generator.pick(names) + "\(index)")
      container.lastRow = generator.pick([nil, midnight, .min, .max])
      for metric in metrics where Bool.random(using: &generator) {
        container.values[metric] = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
          generator.pick(numbers)
        }
      }
      if Bool.random(using: &generator) {
        container.health = Health(
          at: 0, loss: generator.pick(numbers), threshold: generator.pick(numbers),
          anomaly: Bool.random(using: &generator),
          state: generator.pick(["scored", "warm-up", ""] + names),
          shares: [generator.pick(names): generator.pick(numbers) ?? 0])
      }
      return container
    }
    var state = state(containers, metrics: metrics)
    state.problem = generator.pick([nil, "away"])
    state.marks = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
      Mark(
        text: generator.pick(names), group: generator.pick([nil] + names),
        from: generator.pick([.min, midnight]),
        until: generator.pick([nil, .max]))
    }
    return state
  }

  @Test func everyStateFitsEveryScreen() {
    for seed in UInt64(0)..<150 {
      var generator = SeededGenerator(seed: seed)
      let state = randomState(&generator)
      let width = Int.random(in: 1...180, using: &generator)
      let height = Int.random(in: 1...60, using: &generator)
      let lines = text(state, width: width, height: height)
      #expect(lines.count <= height, "seed \(seed)")
      #expect(lines.allSatisfy { DisplayWidth.of($0) <= width }, "seed \(seed)")
      #expect(!PlainLine.render(state).contains("\n"), "seed \(seed)")
    }
  }
}

@Suite struct PlainLineTests {
  @Test func itSaysWhatGoesOnAndWhoIsFlagged() {
    var state = WatchState(now: midnight + 2 * second, place: "")
    state.containers = [
      WatchedContainer(
        "cart",
        health: Health(at: 0, loss: 3.41, anomaly: true, shares: ["cpu_usage": 0.62])),
      WatchedContainer("load"), WatchedContainer("payment", health: Health(at: 0, loss: 0.25)),
    ]
    state.marks = [
      Mark(text: "cpu-hog", group: "cart", from: midnight, until: midnight + 20 * second)
    ]
    #expect(
      PlainLine.render(state)
        == "00:00:02 | cpu-hog in cart, 2 of 20 s | cart 3.41 ANOMALY cpu_usage 62 % | load - | payment 0.25"
    )
  }

  @Test func aServerThatIsAwayIsAllThereIs() {
    var state = WatchState(now: midnight, place: "", containers: [WatchedContainer("cart")])
    state.problem = "connection refused"
    #expect(PlainLine.render(state) == "00:00:00 | no answer: connection refused")
  }
}

@Suite struct ScreenTests {
  @Test func linesAreDrawnInPlace() {
    let lines = [StyledLine("one"), StyledLine("two")]
    #expect(
      Screen.sequence(lines, width: 10, height: 5, color: false)
        == "\u{1b}[Hone\u{1b}[K\r\ntwo\u{1b}[K\u{1b}[J")
  }

  @Test func nothingScrollsAndTheLastColumnStaysFree() {
    let lines = (0..<9).map { _ in StyledLine("0123456789") }
    let sequence = Screen.sequence(lines, width: 5, height: 3, color: false)
    #expect(sequence.matches(of: /\r\n/).count == 2)
    #expect(sequence.hasPrefix("\u{1b}[H012…\u{1b}[K"))
  }
}

import Query
import TestSupport
import Testing
import TimeSeries

@testable import Shell

@Suite struct PlotCanvasTests {
  @Test func dotsHaveTheirBits() {
    var canvas = PlotCanvas(width: 2, height: 1)
    for (x, y) in [(0, 0), (0, 1), (0, 2), (1, 3), (2, 3), (3, 0)] { canvas.set(x: x, y: y) }
    #expect(canvas.rows(colored: false) == ["\u{2887}\u{2848}"])
  }

  @Test func whatIsOutsideIsLeftOut() {
    var canvas = PlotCanvas(width: 1, height: 1)
    for (x, y) in [(-1, 0), (0, -1), (2, 0), (0, 4)] { canvas.set(x: x, y: y) }
    #expect(canvas.rows(colored: false) == [" "])
  }

  @Test func linesReachBothEnds() {
    var canvas = PlotCanvas(width: 4, height: 1)
    canvas.line(from: (0, 3), to: (7, 3))
    #expect(canvas.rows(colored: false) == ["⣀⣀⣀⣀"])
    canvas = PlotCanvas(width: 4, height: 1)
    canvas.line(from: (7, 0), to: (0, 0), dashed: true)
    #expect(canvas.rows(colored: false) == ["⠉ ⠉ "])
    canvas = PlotCanvas(width: 2, height: 1)
    canvas.line(from: (3, 0), to: (0, 3))
    #expect(canvas.rows(colored: false) == ["⡠⠊"])
  }

  @Test func colorsWrapTheirCells() {
    var canvas = PlotCanvas(width: 2, height: 1)
    canvas.set(x: 0, y: 0, color: .red)
    canvas.set(x: 2, y: 0)
    #expect(canvas.rows(colored: true) == ["\u{1b}[31m⠁\u{1b}[0m⠁"])
  }
}

@Suite struct ValueAxisTests {
  private func labels(_ range: ClosedRange<Double>, log: Bool = false, count: Int = 4) -> [String] {
    ValueAxis(range, logarithmic: log, tickCount: count).ticks.map(\.label)
  }

  @Test func ticksAreRound() {
    #expect(labels(0...1) == ["0", "0.5", "1.0"])
    #expect(labels(0.03...0.18) == ["0", "0.05", "0.10", "0.15", "0.20"])
    #expect(labels(-7...12) == ["-10", "-5", "0", "5", "10", "15"])
    #expect(labels(120e6...340e6) == ["100M", "200M", "300M", "400M"])
    #expect(labels(1e-6...4e-6) == ["1e-06", "2e-06", "3e-06", "4e-06"])
  }

  @Test func constantsGetRoom() {
    let axis = ValueAxis(5...5, logarithmic: false, tickCount: 4)
    #expect(axis.position(of: 5).map { $0 > 0.2 && $0 < 0.8 } == true)
    #expect(ValueAxis(0...0, logarithmic: false, tickCount: 4).position(of: 0) == 0.5)
  }

  @Test func logarithmicTicksArePowersOfTen() {
    #expect(labels(0.5...2000, log: true, count: 9) == ["0.1", "1", "10", "100", "1000", "10k"])
    #expect(labels(1...1, log: true) == ["1", "10"])
    let axis = ValueAxis(1...100, logarithmic: true, tickCount: 4)
    #expect(axis.position(of: 10) == 0.5)
    #expect(axis.position(of: 0) == nil)
    #expect(axis.position(of: -1) == nil)
  }

  @Test(arguments: [
    -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude,
    Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude,
    -Double.leastNonzeroMagnitude...Double.leastNonzeroMagnitude, 0...Double.leastNonzeroMagnitude,
    1...1.0000000000000002, 1e15...(1e15 + 1), 0...1e300,
    1e16...1e16, -1e-200...1e300,
  ])
  func extremesHavePositions(range: ClosedRange<Double>) {
    let axis = ValueAxis(range, logarithmic: false, tickCount: 5)
    for value in [range.lowerBound, range.upperBound] {
      #expect(axis.position(of: value).map { (0...1).contains($0) } ?? true)
    }
    #expect(!axis.ticks.isEmpty && axis.ticks.count < 50)
  }

  @Test func whatIsNoNumberHasNoPosition() {
    let axis = ValueAxis(0...1, logarithmic: false, tickCount: 4)
    #expect(axis.position(of: .nan) == nil)
    #expect(axis.position(of: .infinity) == nil)
  }
}

@Suite struct TimeAxisTests {
  private let start: Timestamp = 1_767_225_600_000_000_000  // 2026-01-01T00:00:00Z
  private let second: Timestamp = 1_000_000_000

  private func labels(_ seconds: Int64, from offset: Int64 = 0, columns: Int = 60) -> [String] {
    let first = start + offset * second
    return TimeAxis(first: first, last: first + seconds * second, columns: columns)
      .ticks.map(\.label)
  }

  @Test func stepsAreTheClocks() {
    #expect(labels(20) == ["00:00:00", "00:00:05", "00:00:10", "00:00:15", "00:00:20"])
    #expect(labels(900) == ["00:00", "00:05", "00:10", "00:15"])
    #expect(labels(900, from: 61) == ["00:05", "00:10", "00:15"])
    #expect(labels(3 * 86_400) == ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"])
    #expect(
      labels(86_400) == ["01-01 00:00", "01-01 06:00", "01-01 12:00", "01-01 18:00", "01-02 00:00"])
  }

  @Test func fractionsOfSeconds() {
    let axis = TimeAxis(first: start, last: start + 3_000_000, columns: 80)
    #expect(
      axis.ticks.map(\.label) == ["00:00:00.000", "00:00:00.001", "00:00:00.002", "00:00:00.003"])
  }

  @Test func theWholeRangeOfTime() {
    let axis = TimeAxis(first: .min, last: .max, columns: 60)
    #expect(axis.position(of: .min) == 0)
    #expect(axis.position(of: .max) == 1)
    #expect(abs(axis.position(of: 0) - 0.5) < 1e-9)
    #expect(!axis.ticks.isEmpty && axis.ticks.count < 20)
  }

  @Test func ticksAreWithinAndFit() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let exponent = Double.random(in: 0...18, using: &random)
      let span = Int64(exactly: (exponentiate(10, exponent)).rounded()) ?? 1
      let first = Timestamp.random(
        in: -1_000_000_000_000_000_000...3_000_000_000_000_000_000, using: &random)
      let columns = Int.random(in: 20...200, using: &random)
      let axis = TimeAxis(first: first, last: first + span, columns: columns)
      #expect(
        axis.ticks.allSatisfy { $0.timestamp >= first && $0.timestamp <= first + span },
        "seed \(seed)")
      #expect(axis.ticks.count <= columns / 5 + 1, "seed \(seed)")
    }
  }

  private func exponentiate(_ base: Double, _ power: Double) -> Double {
    var result = 1.0
    for _ in 0..<Int(power) { result *= base }
    return result * (1 + (power - power.rounded(.down)) * 9)
  }
}

@Suite struct PlotRendererTests {
  private func series(
    _ names: [String], _ rows: [[Double?]], tags: [SeriesTag] = []
  ) -> ResultSeries {
    ResultSeries(
      "health", tags: tags, ["time"] + names,
      rows.enumerated().map { index, row in
        [.integer(1_767_225_600_000_000_000 + Int64(index) * 1_000_000_000)]
          + row.map { $0.map(FieldValue.float) }
      })
  }

  private func render(
    _ series: ResultSeries, _ configure: (inout PlotRenderer) -> Void = { _ in }
  ) throws -> String {
    var renderer = PlotRenderer(width: 40, height: 4)
    configure(&renderer)
    return renderer.render(try PlotData(series))
  }

  @Test func curveThresholdAndMarks() throws {
    let plot = try render(
      series(
        ["rl", "threshold", "anomaly"],
        [[0, 0.5, 0], [0, 0.5, 0], [1, 0.5, 1], [0, 0.5, 0], [0, 0.5, 0]],
        tags: [SeriesTag(key: "pod", value: "cart-0")]))
    #expect(
      plot == """
        health pod=cart-0
        ── rl   ╌╌ threshold   ▲ anomaly (1)
        1.0 ┤               ⢀⠤⠊⠢⡀
        0.5 ┤⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀⣀⣔⠁⣀ ⣀⠈⣑⢄⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀
            │           ⡠⠊         ⠑⢄⡀
          0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⠔⠉             ⠈⠢⣀⣀⣀⣀⣀⣀⣀⣀⣀
            │                 ▲
            └┬────────────────┬────────────────┬
             00:00:00     00:00:02      00:00:04
             2026-01-01T00:00:00Z … 2026-01-01T00:00:04Z

        """)
  }

  @Test func gapsStayOpen() throws {
    let plot = try render(series(["v"], [[1], [nil], [.nan], [1], [1]]))
    let cells = plot.split(separator: "\n").first { line in
      line.unicodeScalars.contains { (0x2801...0x28ff).contains($0.value) }
    }
    // A dot at the left, and a line over the last quarter of 34 cells.
    #expect(cells?.split(separator: " ").last?.count == 9)
  }

  @Test func onePointIsADot() throws {
    let plot = try render(series(["v"], [[3]]))
    let dots = plot.unicodeScalars.filter { (0x2801...0x28ff).contains($0.value) }
    #expect(dots.count == 1)
    #expect(plot.contains("2026-01-01T00:00:00Z"))
  }

  @Test(
    arguments: [
      [[Double.nan]], [[nil]], [], [[.infinity], [-.infinity]],
    ] as [[[Double?]]])
  func nothingToDraw(rows: [[Double?]]) throws {
    #expect(try render(series(["v"], rows)) == "health\n(no values)\n")
  }

  @Test func logarithmicLeavesOutWhatIsNotPositive() throws {
    let plot = try render(series(["v"], [[1], [0], [-5], [1e6]])) { $0.isLogarithmic = true }
    #expect(plot.contains("v (2 not positive, not shown)   log scale"))
    let nothing = try render(series(["v"], [[-1]])) { $0.isLogarithmic = true }
    #expect(nothing == "health\n(no positive values)\n")
  }

  @Test func textAndTimelessResultsAreRefused() {
    let text = ResultSeries("m", ["time", "s"], [[.integer(1), .string("a")]])
    #expect(throws: PlotData.Unsuitable.self) { try PlotData(text) }
    #expect(throws: PlotData.Unsuitable.self) {
      try PlotData(ResultSeries("m", ["name"], [[.string("a")]]))
    }
  }

  @Test func emptyRowsAtTheEndsTakeNoRoom() throws {
    let data = try PlotData(
      series(["v", "anomaly"], [[nil, nil], [1, 0], [nil, nil], [2, 1], [nil, nil]]))
    #expect(data.timestamps.count == 3)
    #expect(data.lines.first?.values.first == 1)
    #expect(data.anomalies == [2])
  }

  @Test func descendingRowsAreTurned() throws {
    let up = ResultSeries(
      "m", ["time", "v"], [[.integer(1), .float(1)], [.integer(2), .float(2)]])
    let down = ResultSeries(
      "m", ["time", "v"], [[.integer(2), .float(2)], [.integer(1), .float(1)]])
    let (rising, turned) = (try render(up), try render(down))
    #expect(rising == turned)
  }

  @Test func noRowIsWiderThanAsked() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let rows = (0..<Int.random(in: 1...80, using: &random)).map { _ -> [Double?] in
        (0..<3).map { _ in
          switch Int.random(in: 0...9, using: &random) {
          case 0: nil
          case 1: .nan
          case 2: Double(bitPattern: .random(in: 0...UInt64.max, using: &random))
          default: .random(in: -10...10, using: &random)
          }
        }
      }
      var renderer = PlotRenderer()
      renderer.width = Int.random(in: 60...150, using: &random)
      renderer.height = Int.random(in: 1...20, using: &random)
      renderer.isLogarithmic = .random(using: &random)
      let plot = renderer.render(try PlotData(series(["a", "threshold", "anomaly"], rows)))
      let lines = plot.split(separator: "\n").map(String.init)
      #expect(lines.count <= renderer.height + 6, "seed \(seed)")
      // The legend is as long as its entries are.
      for line in lines where !line.contains("──") || line.contains("└") {
        #expect(DisplayWidth.of(line) <= renderer.width, "seed \(seed): \(line)")
      }
    }
  }
}

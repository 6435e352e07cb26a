import Shell
import TestSupport
import Testing

@testable import Watch

@Suite struct SparklineTests {
  @Test func fewValuesStandAtTheRight() {
    #expect(Sparkline.render([0, 100], width: 5) == "   ▁█")
  }

  @Test func onlyTheNewestValuesAreShown() {
    #expect(Sparkline.render([100, 0, 0, 100], width: 3) == "▁▁█")
  }

  @Test func missingAndInfiniteValuesAreBlank() {
    #expect(Sparkline.render([0, nil, .nan, .infinity, 100], width: 5) == "▁   █")
    #expect(Sparkline.render([nil, .nan], width: 3) == "   ")
    #expect(Sparkline.render([], width: 2) == "  ")
    #expect(Sparkline.render([1, 2], width: 0) == "")
  }

  @Test func constantsAreFlatAndZerosLow() {
    #expect(Sparkline.render([7, 7, 7], width: 3) == "███")
    #expect(Sparkline.render([0, 0], width: 2) == "▁▁")
  }

  @Test func smallMovesLookSmall() {
    #expect(
      Sparkline.render([99, 100], width: 2) == "▇█"
        || Sparkline.render([99, 100], width: 2) == "██")
    #expect(Sparkline.render([99, 100], width: 2) != "▁█")
  }

  @Test func theLargestNumbersDoNotOverflow() {
    let most = Double.greatestFiniteMagnitude
    #expect(Sparkline.render([-most, 0, most], width: 3) == "▁▅█")
    #expect(Sparkline.render([-most, -most], width: 2) == "▁▁")
  }
}

@Suite struct LossBarTests {
  @Test func theThresholdIsInTheMiddle() {
    #expect(LossBar.render(1, width: 9) == "████┃····")
    #expect(LossBar.render(0.1, width: 9) == "██··┃····")
    #expect(LossBar.render(10, width: 9) == "████┃██··")
  }

  @Test func noScoreHasNoBar() {
    #expect(LossBar.render(nil, width: 5) == "··┃··")
    #expect(LossBar.render(0, width: 5) == "··┃··")
    #expect(LossBar.render(.nan, width: 5) == "··┃··")
    #expect(LossBar.render(-1, width: 5) == "··┃··")
  }

  @Test func infinityFillsIt() { #expect(LossBar.render(.infinity, width: 5) == "██┃██") }

  @Test func justAboveTheThresholdShows() {
    #expect(LossBar.render(1.0001, width: 9) == "████┃█···")
    #expect(LossBar.render(0.9999, width: 9).hasSuffix("┃····"))
  }

  @Test func itHasExactlyTheWidth() {
    for width in 0...60 {
      for ratio in [nil, 0, 1e-9, 0.3, 1, 1.1, 250, .infinity, .nan] as [Double?] {
        let bar = LossBar.render(ratio, width: width)
        #expect(DisplayWidth.of(bar) == width, "\(String(describing: ratio)), \(width)")
      }
    }
  }
}

@Suite struct MetricUnitTests {
  @Test func numbersHaveThreeDigits() {
    let texts = [0, 7, 3.14159, 42.42, 999, 999.6, 1234, 15_999_999].map {
      MetricUnit.plain.text($0, interval: 1)
    }
    #expect(texts == ["0", "7", "3.14", "42.4", "999", "1.00k", "1.23k", "16.0M"])
  }

  @Test func bytesHaveBinaryPrefixes() {
    let texts = [0, 1023, 1024, 1_048_500, 5 * 1_048_576].map {
      MetricUnit.bytes.text($0, interval: 1)
    }
    #expect(texts == ["0B", "1023B", "1KiB", "1.00MiB", "5MiB"])
  }

  @Test func processorTimeIsOfItsInterval() {
    #expect(MetricUnit.processor.text(1_005_668_775, interval: 1) == "101%")
    #expect(MetricUnit.processor.text(1_005_668_775, interval: 10) == "10.1%")
  }

  @Test func whatNoPrefixReachesIsStillShown() {
    for unit in MetricUnit.allCases {
      for value in [
        Double.greatestFiniteMagnitude, -1e300, .infinity, .nan, .leastNonzeroMagnitude,
      ] {
        #expect(!unit.text(value, interval: 1).isEmpty)
      }
    }
  }

  @Test func usualNumbersFitTheirColumn() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let value =
        Double.random(in: 0...1e15, using: &generator)
        / Double(UInt64(1) << UInt64.random(in: 0...50, using: &generator))
      for unit in [MetricUnit.plain, .bytes] {
        let text = unit.text(value, interval: 1)
        #expect(text.count <= Frame.valueWidth, "\(value): \(text)")
      }
    }
  }
}

@Suite struct StyledLineTests {
  private var line: StyledLine {
    var line = StyledLine("cart ", .strong)
    line.add("日本", .alarm)
    line.add(" ok")
    return line
  }

  @Test func whatFitsIsWhole() {
    #expect(line.width == 12)
    #expect(line.render(width: 12, color: false) == "cart 日本 ok")
  }

  @Test func whatDoesNotFitEndsInAnEllipsis() {
    #expect(line.render(width: 11, color: false) == "cart 日本 …")
    #expect(line.render(width: 9, color: false) == "cart 日…")
    #expect(line.render(width: 7, color: false) == "cart …")
    #expect(line.render(width: 5, color: false) == "cart…")
    #expect(line.render(width: 1, color: false) == "…")
    #expect(line.render(width: 0, color: false) == "")
  }

  @Test func noWidthIsExceeded() {
    for width in 0...14 {
      #expect(DisplayWidth.of(line.render(width: width, color: false)) <= width)
    }
  }

  @Test func everyStyleIsSwitchedOffAgain() {
    #expect(
      line.render(width: 80, color: true)
        == "\u{1b}[1mcart \u{1b}[0m\u{1b}[1;31m日本\u{1b}[0m ok")
    #expect(line.render(width: 7, color: true).hasSuffix("\u{1b}[0m"))
  }
}

import Foundation
import Testing

@testable import Detection

@Suite("Scaler, windows, percentile")
struct DataTests {
  @Test(
    "a constant column's scale is a hundredth of it, at most 1, so a later change shows",
    arguments: [
      (5, 0.05), (0.1 + 0.2, 0.003), (-1e-6, 1e-8), (1e8, 1), (0, 1e-6), (-0.0, 1e-6),
    ] as [(Double, Double)])
  func constantColumn(value: Double, expected: Double) {
    for scaling in Scaling.allCases {
      let scaler = Scaler(scaling, fit: [[Double](repeating: value, count: 7)])
      #expect(abs(scaler.scales[0] / expected - 1) < 1e-12)
      #expect(abs(scaler.scale(value, feature: 0)) < 1e-12)
      #expect(abs(scaler.scale(value + 3 * expected, feature: 0) - 3) < 1e-6)
    }
  }

  @Test("what rounding does to a constant is no change of it")
  func rounding() {
    let column = (0..<60).map { $0 % 3 == 0 ? 0.1 + 0.2 : 0.3 }
    for scaling in Scaling.allCases {
      let scaler = Scaler(scaling, fit: [column])
      #expect(abs(scaler.scales[0] - 0.003) < 1e-12)
      for value in column { #expect(abs(scaler.scale(value, feature: 0)) < 1e-12) }
    }
  }

  @Test("a zero's scale is the other groups' spread if they have any, at most 1")
  func zeroAmongOthers() {
    let zero = [Double](repeating: 0, count: 9)
    func scale(_ groups: [[Double]], isInteger: Bool = false) -> Double {
      ConstantScale(isInteger: isInteger, groups: groups)(of: 0)
    }
    #expect(scale([zero, zero]) == 1e-6)
    #expect(scale([zero, [0, 2e-3, .nan], [7, 7]]) == 1e-3)
    #expect(scale([[0, 2e-3], [0, 4e-3], [0, 6e-3]]) == 2e-3)
    #expect(scale([zero, [0, 2000]]) == 1)
    #expect(scale([]) == 1e-6)
    // Integers change by one at the least.
    #expect(scale([zero], isInteger: true) == 1)
    #expect(ConstantScale(isInteger: true, groups: [[5, 5]])(of: 5) == 1)
    // The smallest number there is has no hundredth.
    #expect(ConstantScale()(of: .leastNonzeroMagnitude) == .leastNormalMagnitude)
  }

  @Test("each scaling is what it says")
  func definitions() {
    let column: [Double] = [1, 2, 3, 4, 10]
    let zscore = Scaler(.zscore, fit: [column])
    #expect(zscore.offsets == [4] && abs(zscore.scales[0] - 10.0.squareRoot()) < 1e-12)
    let minmax = Scaler(.minmax, fit: [column])
    #expect(minmax.offsets == [1] && minmax.scales == [9])
    let robust = Scaler(.robust, fit: [column])
    #expect(robust.offsets == [3] && robust.scales == [2])
  }

  @Test("robust falls back to the deviation where most values are equal")
  func robustMostlyEqual() {
    let scaler = Scaler(.robust, fit: [[0, 0, 0, 0, 0, 0, 0, 8]])
    #expect(scaler.offsets == [0] && scaler.scales[0] > 2)
  }

  @Test("huge and tiny values give finite scales and limited results")
  func extremes() {
    for scaling in Scaling.allCases {
      for column in [
        [1e308, -1e308, 1e308], [.leastNonzeroMagnitude, 0, 0], [.greatestFiniteMagnitude, 0],
      ] {
        for compression in Compression.allCases {
          let scaler = Scaler(scaling, fit: [column], compression: compression)
          #expect(scaler.offsets[0].isFinite && scaler.scales[0].isFinite && scaler.scales[0] > 0)
          for value in [1e308, -1e308, 0, .leastNonzeroMagnitude] {
            let scaled = scaler.scale(value, feature: 0)
            #expect(abs(scaled) <= Float(Scaler.bound), "\(scaling) \(column) \(value)")
          }
        }
      }
    }
  }

  @Test("asinh agrees with the C library's")
  func inverseHyperbolicSineValues() {
    var x = 1e-12
    while x <= 1e6 {
      #expect(abs(inverseHyperbolicSine(x) - asinh(x)) < 4e-15, "\(x)")
      #expect(inverseHyperbolicSine(-x) == -inverseHyperbolicSine(x))
      x *= 1.37
    }
    #expect(inverseHyperbolicSine(0) == 0)
  }

  @Test("percentile interpolates between closest ranks")
  func percentiles() {
    #expect(abs(quantile(percent: 99.7, ofSorted: [1, 2, 3, 4]) - 3.991) < 1e-12)
    #expect(quantile(percent: 100, ofSorted: [1, 2, 3]) == 3)
    #expect(quantile(percent: 50, ofSorted: [7]) == 7)
  }

  @Test("gaps, NaN and infinity break runs")
  func runs() {
    let times: [Int64] = [0, 10, 20, 40, 50, 60, 70, 80]
    let a: [Double] = [1, 1, 1, 1, 1, .nan, 1, 1]
    let b: [Double] = [1, 1, 1, 1, 1, 1, 1, .infinity]
    let data = GroupData(timestamps: times, features: [a, b])
    #expect(data.runs(interval: 10) == [0..<3, 3..<5, 6..<7])
    #expect(GroupData(timestamps: [], features: [[], []]).runs(interval: 10) == [])
    let far = GroupData(timestamps: [.min, .max], features: [[1, 1]])
    #expect(far.runs(interval: 10) == [0..<1, 1..<2])
  }

  @Test("training and validation windows share no row", arguments: 1...60)
  func split(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var runs: [Range<Int>] = []
    var next = 0
    for _ in 0...random.below(5) {
      let count = 1 + random.below(40)
      runs.append(next..<next + count)
      next += count + 1
    }
    let window = 2 + random.below(9)
    let split = WindowSplit(runs: runs, window: window, validation: 0.3)
    let all = runs.reduce(0) { $0 + max(0, $1.count - window + 1) }
    #expect(split.windows == all)
    let training = Set(split.trainingRanges.flatMap { $0.flatMap { $0..<$0 + window } })
    let validation = Set(split.validationRanges.flatMap { $0.flatMap { $0..<$0 + window } })
    #expect(training.isDisjoint(with: validation), "seed \(seed)")
    #expect(training == Set(split.trainingRows.joined()))
    for row in training.union(validation) { #expect(runs.contains { $0.contains(row) }) }
    if all > 0 {
      #expect(split.validationWindows == all - Int(0.7 * Double(all)), "seed \(seed)")
      #expect((training.max() ?? -1) < (validation.min() ?? .max))
    }
    #expect(split.trainingWindows > all - split.validationWindows - window)
  }
}

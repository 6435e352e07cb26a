import Testing

@testable import Detection

@Suite("Sustained loss")
struct SustainedLossTests {
  static let second: Int64 = 1_000_000_000

  @Test("is the least of the last losses, of equal ones the latest", arguments: 1...16)
  func least(count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    for length in 0..<40 {
      let losses = (0..<length).map { _ in Double(random.below(6)) }
      let sustained = SustainedLoss(losses, count: count)
      #expect(sustained.least.count == max(0, length - count + 1))
      #expect(
        SustainedLoss.number(in: [0..<length, 0..<length], count: count)
          == 2 * sustained.least.count)
      for (index, least) in sustained.least.enumerated() {
        let range = index..<index + count
        let value = losses[range].min()
        #expect(range.contains(least) && losses[least] == value)
        #expect(!losses[range].dropFirst(least - index + 1).contains { $0 == value })
      }
    }
  }

  /// A model without sustain, and the same network with one.
  private func scores(
    sustain: Int, _ data: GroupData
  ) throws -> (own: DetectionScores, sustained: DetectionScores) {
    var options = testOptions()
    options.epochs = 1
    options.loss = .last
    let model = try GroupTrainer(options: options, interval: Self.second)
      .train(testSignal(rows: 120), key: [])
    let own = try GroupScorer(model, options: options, interval: Self.second).score(data)
    options.sustain = sustain
    return (own, try GroupScorer(model, options: options, interval: Self.second).score(data))
  }

  @Test("a row's loss and its features' are those of the least row, within a run", arguments: 2...5)
  func scoring(sustain: Int) throws {
    var signal = testSignal(rows: 90, seed: UInt64(sustain))
    var features = signal.features
    features[1][41] = .nan
    signal = GroupData(timestamps: signal.timestamps, features: features)
    let (own, sustained) = try scores(sustain: sustain, signal)
    for row in 0..<90 {
      // Rows 0 and 42 begin runs; windows have 5 rows.
      let behind = row > 41 ? row - 42 : row == 41 ? -1 : row
      guard behind >= 5 + sustain - 2 else {
        #expect(sustained.loss[row].isNaN, "row \(row)")
        #expect(sustained.featureLoss.allSatisfy { $0[row].isNaN })
        continue
      }
      let least = try #require(
        (row - sustain + 1...row).min { own.loss[$0] < own.loss[$1] })
      #expect(sustained.loss[row] == own.loss[least])
      #expect(sustained.featureLoss.map { $0[row] } == own.featureLoss.map { $0[least] })
    }
  }

  @Test("a spike of one row is no anomaly, one of two rows is")
  func spikes() throws {
    var features = testSignal(rows: 90).features
    for row in [40, 70, 71] { features[0][row] = 1000 }
    let (own, sustained) = try scores(
      sustain: 2, GroupData(timestamps: testSignal(rows: 90).timestamps, features: features))
    #expect([40, 70, 71].allSatisfy { own.loss[$0] > 5 })
    #expect(sustained.loss[40] < own.loss[40] / 2)
    #expect(sustained.loss[71] == min(own.loss[70], own.loss[71]))
  }

  @Test("the threshold is of sustained losses")
  func threshold() throws {
    let data = testSignal(rows: 200)
    var options = testOptions()
    options.percentile = 100
    options.margin = 1
    options.sustain = 3
    let model = try GroupTrainer(options: options, interval: Self.second).train(data, key: [])
    let scores = try GroupScorer(model, options: options, interval: Self.second).score(data)
    let split = WindowSplit(
      runs: [0..<200], window: options.window, validation: options.validation)
    let losses = (split.trainingRanges + split.validationRanges).flatMap { range in
      range.dropFirst(2).map { scores.loss[$0 + options.window - 1] }
    }
    #expect(model.threshold == losses.max())
  }

  @Test("runs too short for a sustained loss are too little data, not a trap")
  func shortRuns() throws {
    // Runs of six rows: two windows of five each, and no three losses in a row.
    let signal = testSignal(rows: 600)
    let timestamps = signal.timestamps.enumerated().map { $1 + Int64($0 / 6) * Self.second }
    let data = GroupData(timestamps: timestamps, features: signal.features)
    var options = testOptions()
    options.epochs = 1
    options.sustain = 3
    let trainer = try GroupTrainer(options: options, interval: Self.second)
    #expect {
      try trainer.train(data, key: [])
    } throws: { error in
      guard case DetectionError.tooLittleData = error else { return false }
      return true
    }
    // The last run is long: it alone gives the threshold.
    let long = GroupData(
      timestamps: signal.timestamps.enumerated().map {
        $1 + Int64(min($0, 420) / 6) * Self.second
      }, features: signal.features)
    #expect(try trainer.train(long, key: []).threshold.isFinite)
  }
}

import Foundation
import Synchronization
import Testing

@testable import Detection

/// A daily-looking signal with noise, two features, one row a second.
func testSignal(rows: Int, seed: UInt64 = 3, features: Int = 2) -> GroupData {
  var random = SplitMix64(seed: seed)
  var columns: [[Double]] = []
  for feature in 0..<features {
    var column: [Double] = []
    for row in 0..<rows {
      let wave: Double = sin(Double(row) * 0.3 + Double(feature))
      column.append(10 + 3 * wave + 0.2 * Double(random.symmetric()))
    }
    columns.append(column)
  }
  return GroupData(
    timestamps: (0..<rows).map { Int64($0) * 1_000_000_000 }, features: columns)
}

func testOptions() -> DetectorOptions {
  var options = DetectorOptions()
  options.window = 5
  options.hidden = 6
  options.latent = 3
  options.epochs = 4
  options.batch = 32
  options.loss = .window
  options.sustain = 1
  return options
}

@Suite("Training and scoring")
struct TrainingTests {
  static let second: Int64 = 1_000_000_000

  private func trainer(_ options: DetectorOptions, kernels: Kernels = .best) throws -> GroupTrainer
  {
    try GroupTrainer(options: options, interval: Self.second, kernels: kernels)
  }

  @Test("the same seed and data give the same bits, on every kernel and thread")
  func determinism() async throws {
    let data = testSignal(rows: 120)
    let first = try trainer(testOptions()).train(data, key: [])
    for kernels in Kernels.available {
      #expect(try trainer(testOptions(), kernels: kernels).train(data, key: []) == first)
    }
    let models = try await withThrowingTaskGroup(of: GroupModel.self) { group in
      for _ in 0..<3 {
        group.addTask {
          try GroupTrainer(options: testOptions(), interval: Self.second).train(data, key: [])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(models == [first, first, first])
    var other = testOptions()
    other.seed = 1
    #expect(try trainer(other).train(data, key: []).parameters != first.parameters)
  }

  @Test("training lowers the loss, and the best epoch's parameters are kept")
  func bestIsRestored() throws {
    var options = testOptions()
    options.epochs = 60
    options.patience = 3
    // A rate at which the validation loss jumps, so that the last epoch is not the best.
    options.learningRate = 0.2
    let losses = Mutex<[Double]>([])
    let model = try trainer(options).train(
      testSignal(rows: 160), key: [],
      progress: { progress in losses.withLock { $0.append(progress.validationLoss) } })
    let seen = losses.withLock { $0 }
    let best = try #require(seen.min())
    #expect(model.info.validationLoss == best)
    #expect(seen.firstIndex(of: best) == model.info.bestEpoch - 1)
    #expect(seen.count == model.info.epochs)
    #expect(model.info.epochs - model.info.bestEpoch <= 3)
    #expect(model.info.epochs > model.info.bestEpoch)
    // With as many epochs as the best took, the same parameters come out.
    options.epochs = model.info.bestEpoch
    #expect(
      try trainer(options).train(testSignal(rows: 160), key: []).parameters == model.parameters)
  }

  @Test("too little data, cancellation, misfitting arrays")
  func errors() throws {
    let trainer = try trainer(testOptions())
    #expect(
      throws: DetectionError.tooLittleData(group: ["x"], windows: 16, needed: 36)
    ) {
      try trainer.train(testSignal(rows: 20), key: ["x"])
    }
    #expect(throws: DetectionError.cancelled) {
      try trainer.train(testSignal(rows: 100), key: [], isCancelled: { true })
    }
    let misfit = GroupData(timestamps: [0, 1], features: [[1]])
    #expect(throws: DetectionError.self) { try trainer.train(misfit, key: []) }
    let unordered = GroupData(timestamps: [1, 0], features: [[1, 1]])
    #expect(throws: DetectionError.self) { try trainer.train(unordered, key: []) }
    let nothing = GroupData(timestamps: [], features: [])
    #expect(throws: DetectionError.self) { try trainer.train(nothing, key: []) }
    var wild = testOptions()
    wild.learningRate = 1
    wild.gradientClip = 1e6
    wild.compression = .none
    wild.epochs = 100
    wild.patience = 100
    let model = try? self.trainer(wild).train(testSignal(rows: 100), key: [])
    #expect(model?.parameters.isFinite ?? true)
  }

  @Test("a constant feature trains, and its later change is scored high")
  func constantFeature() throws {
    var data = testSignal(rows: 140)
    data = GroupData(
      timestamps: data.timestamps,
      features: [data.features[0], [Double](repeating: 5, count: 140)])
    let model = try trainer(testOptions()).train(data, key: [])
    let scorer = GroupScorer(model, options: testOptions(), interval: Self.second)
    var changed = data.features
    changed[1][100] = 60
    let before = try scorer.score(data)
    let after = try scorer.score(GroupData(timestamps: data.timestamps, features: changed))
    #expect(after.loss[100] > 2 * before.loss[100])
    #expect(after.featureLoss[1][100] > after.featureLoss[0][100])
    #expect(after.loss[99] == before.loss[99] && after.loss[105] == before.loss[105])
  }

  @Test(
    "a change of a small constant is flagged among features that move, and rounding is not",
    arguments: [(1e-6, 5e-6), (0, 1e-4), (-1e-9, 1e-9), (0.3, 0.4)] as [(Double, Double)])
  func smallConstant(constant: Double, later: Double) throws {
    var options = testOptions()
    options.loss = .trimmed
    options.window = 8
    let rows = 260
    let signal = testSignal(rows: rows, features: 5)
    func data(_ column: [Double]) -> GroupData {
      GroupData(timestamps: signal.timestamps, features: signal.features + [column])
    }
    // As where the constant is a sum, added up in one order or another.
    let calm = (0..<rows).map { $0 % 3 == 0 ? constant + constant.ulp : constant }
    let model = try trainer(options).train(data(calm), key: [])
    let scorer = GroupScorer(model, options: options, interval: Self.second)
    let before = try scorer.score(data(calm))
    #expect(before.loss.dropFirst(7).allSatisfy { $0 <= model.threshold })
    let stepped = calm.enumerated().map { $0 < 200 ? $1 : later }
    let after = try scorer.score(data(stepped))
    #expect(after.loss[200..<208].contains { $0 > model.threshold })
    #expect(after.loss[203] > 4 * before.loss[203])
    #expect(after.loss[7..<200].elementsEqual(before.loss[7..<200]))
  }

  @Test(
    "a row's score is the same bits in any range, at any place in a batch",
    arguments: Centering.allCases.flatMap { centering in
      ReconstructionLoss.allCases.map { (centering, $0) }
    }, [1, 3])
  func positionIndependence(form: (Centering, ReconstructionLoss), sustain: Int) throws {
    var options = testOptions()
    options.epochs = 1
    (options.centering, options.loss) = form
    options.sustain = sustain
    let before = options.window + sustain - 2
    let data = testSignal(rows: 200, features: 3)
    let model = try trainer(options).train(data, key: [])
    let whole = try GroupScorer(model, options: options, interval: Self.second).score(data)
    #expect(
      whole.loss.prefix(before).allSatisfy(\.isNaN)
        && whole.loss.dropFirst(before).allSatisfy(\.isFinite))
    for kernels in Kernels.available {
      let scorer = GroupScorer(model, options: options, interval: Self.second, kernels: kernels)
      for range in [0..<200, 7..<12, 63..<140, 100..<200, 3..<9] {
        let part = try scorer.score(
          GroupData(
            timestamps: Array(data.timestamps[range]),
            features: data.features.map { Array($0[range]) }
          ))
        #expect(part.loss.prefix(before).allSatisfy { $0.isNaN })
        for row in range.dropFirst(before) {
          #expect(part.loss[row - range.lowerBound] == whole.loss[row], "\(kernels.name) \(range)")
          let parts = part.featureLoss.map { $0[row - range.lowerBound] }
          #expect(parts == whole.featureLoss.map { $0[row] })
          #expect(abs(parts.reduce(0, +) / 3 - whole.loss[row]) < 1e-12)
        }
      }
    }
  }

  @Test("rows without a full window of finite values have no score")
  func gaps() throws {
    var options = testOptions()
    options.epochs = 1
    let data = testSignal(rows: 100)
    let model = try trainer(options).train(data, key: [])
    var features = data.features
    features[1][30] = .nan
    features[0][50] = .infinity
    var timestamps = data.timestamps
    for row in 70..<100 { timestamps[row] += Self.second }
    let scores = try GroupScorer(model, options: options, interval: Self.second)
      .score(GroupData(timestamps: timestamps, features: features))
    let missing = Set([0..<4, 30..<35, 50..<55, 70..<74].joined())
    for row in 0..<100 {
      #expect(scores.loss[row].isNaN == missing.contains(row), "row \(row)")
      #expect(scores.featureLoss[1][row].isNaN == missing.contains(row))
    }
  }
}

@Suite("Options")
struct OptionTests {
  @Test("every option survives its text")
  func roundTrip() throws {
    var options = DetectorOptions()
    try options.set("learning_rate", to: "0.0123")
    try options.set("SCALING", to: "Robust")
    try options.set("seed", to: "18446744073709551615")
    var copy = DetectorOptions()
    for (name, value) in options.values { try copy.set(name, to: value) }
    #expect(copy == options)
    #expect(options.values.map(\.name) == DetectorOptions.names)
  }

  @Test(
    "what is out of range or of another kind is refused by name",
    arguments: [
      ("window", "1"), ("window", "1025"), ("hidden", "0"), ("latent", "x"), ("epochs", "0"),
      ("percentile", "101"), ("percentile", "nan"), ("batch", "-1"), ("learning_rate", "inf"),
      ("validation", "0.9"), ("sustain", "0"), ("sustain", "17"), ("seed", "-1"),
      ("scaling", "log"), ("loss", ""), ("colour", "red"),
    ])
  func refused(name: String, value: String) {
    var options = DetectorOptions()
    #expect {
      try options.set(name, to: value)
    } throws: { error in
      guard case DetectionError.invalidOption(name, _) = error else { return false }
      return true
    }
    #expect(options == DetectorOptions())
  }

  @Test("latent must not be more than hidden; assigned values are checked too")
  func spanning() {
    var options = DetectorOptions()
    options.latent = options.hidden + 1
    #expect(throws: DetectionError.self) { try options.validate() }
    options = DetectorOptions()
    options.learningRate = .nan
    #expect(throws: DetectionError.self) { try options.validate() }
    // Each in its range, together 57 GiB.
    options = DetectorOptions()
    options.window = 1024
    options.hidden = 1024
    options.batch = 1024
    #expect(throws: DetectionError.self) { try options.validate() }
    options.batch = 16
    #expect(throws: Never.self) { try options.validate() }
  }
}

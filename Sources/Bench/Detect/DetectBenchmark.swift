import Detection
import Foundation
import TimeSeries

/// Measures training and scoring of one group's model at two sizes, and PyTorch at the same.
public struct DetectBenchmark: Sendable {
  /// Windows of an epoch.
  public var windows = 10_000
  /// Of several runs the fastest counts.
  public var runs = 5
  /// Rows that batched scoring is handed at once.
  public var batchedRows = 4096
  /// Do the same with PyTorch, where python3 has it.
  public var peers = true

  public init() {}

  /// The sizes of a model.
  struct Size: Sendable, Encodable {
    var features: Int
    var window: Int
    var hidden: Int
    var latent: Int

    var name: String { "F \(features) W \(window) H \(hidden) L \(latent)" }
  }

  static let sizes = [
    Size(features: 8, window: 30, hidden: 64, latent: 16),
    Size(features: 8, window: 10, hidden: 32, latent: 8),
  ]
  static let batch = 64
  private static let interval: Int64 = 1_000_000_000

  public func run() throws -> DetectReport {
    let vigil = try Self.sizes.map(measure)
    let peer = peers ? PyTorchPeer(benchmark: self).run() : .failure(.notAsked)
    switch peer {
    case .success(let answer):
      return DetectReport(
        shapes: zip(Self.sizes, vigil).enumerated().map { index, shape in
          DetectReport.Shape(
            name: shape.0.name, vigil: shape.1,
            pytorch: index < answer.figures.count ? answer.figures[index] : nil)
        }, pytorchVersion: answer.version)
    case .failure(let reason):
      return DetectReport(
        shapes: zip(Self.sizes, vigil).map {
          DetectReport.Shape(name: $0.name, vigil: $1)
        }, pytorchNote: reason.description)
    }
  }

  private func measure(_ size: Size) throws -> DetectReport.Figures {
    var options = DetectorOptions()
    options.window = size.window
    options.hidden = size.hidden
    options.latent = size.latent
    options.batch = Self.batch
    // A row's score is then of its own window alone.
    options.sustain = 1
    let rows = Self.signal(rows: windows + size.window - 1, features: size.features)
    var epoch = try EpochMeasurement(rows, options: options, interval: Self.interval)
    let one = try fastest { try epoch.run() }
    let two = try fastest { try Self.trainTwo(rows, options) } / 2

    let model = try Self.model(rows, options)
    let scorer = GroupScorer(model, options: options, interval: Self.interval)
    let single = rows.prefix(size.window)
    let repetitions = 200
    let alone = try fastest { for _ in 0..<repetitions { _ = try scorer.score(single) } }
    let many = rows.prefix(min(batchedRows, windows) + size.window - 1)
    let together = try fastest { _ = try scorer.score(many) }
    return DetectReport.Figures(
      epochSeconds: one, twoThreadEpochSeconds: two,
      singleMicroseconds: alone * 1e6 / Double(repetitions),
      batchedMicroseconds: together * 1e6 / Double(min(batchedRows, windows)))
  }

  private func fastest(_ work: () throws -> Void) throws -> Double {
    let clock = ContinuousClock()
    // The first run touches memory for the first time.
    try work()
    return try (0..<max(1, runs)).map { _ in try clock.measure(work) / .seconds(1) }.min() ?? 0
  }

  /// An epoch of two models, each on a thread of its own.
  private static func trainTwo(_ rows: GroupData, _ options: DetectorOptions) throws {
    let failures = SharedFailures()
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      do {
        var epoch = try EpochMeasurement(rows, options: options, interval: interval)
        try epoch.run()
      } catch { failures.add(error) }
    }
    if let failure = failures.first { throw failure }
  }

  /// A model that was trained for a moment: how well does not matter for the speed.
  private static func model(_ rows: GroupData, _ options: DetectorOptions) throws -> GroupModel {
    var short = options
    short.epochs = 1
    return try GroupTrainer(options: short, interval: interval)
      .train(rows.prefix(500), key: [])
  }

  /// Waves and noise, one row a second.
  private static func signal(rows: Int, features: Int) -> GroupData {
    var generator = SplitMix64(seed: 8)
    return GroupData(
      timestamps: (0..<rows).map { Int64($0) * interval },
      features: (0..<features).map { feature in
        (0..<rows).map { row in
          (Double(row) * 0.1 + Double(feature)).cosine() + 0.3 * generator.normal()
        }
      })
  }
}

extension GroupData {
  fileprivate func prefix(_ rows: Int) -> GroupData {
    GroupData(
      timestamps: Array(timestamps.prefix(rows)), features: features.map { Array($0.prefix(rows)) })
  }
}

import Foundation
import Testing

@testable import Detection

@Suite("Networks that groups share")
struct SharedNetworkTests {
  static let second: Int64 = 1_000_000_000

  private func trainer(_ options: DetectorOptions = testOptions()) throws -> GroupTrainer {
    try GroupTrainer(options: options, interval: Self.second)
  }

  private func part(_ data: GroupData, _ rows: Range<Int>) -> GroupData {
    GroupData(
      timestamps: Array(data.timestamps[rows]), features: data.features.map { Array($0[rows]) })
  }

  private func raised(_ data: GroupData, by level: Double) -> GroupData {
    GroupData(
      timestamps: data.timestamps, features: data.features.map { $0.map { $0 + level } })
  }

  @Test("windows lie in one group each, wherever its rows are in the matrix")
  func windowsOfOneGroup() throws {
    // Group g's value in row r is 1000 g + r, so a window tells whose rows it has.
    let window = 4
    let groups = [30, 3, 17, 60].enumerated().map { group, rows in
      let data = GroupData(
        timestamps: (0..<rows).map { Int64($0) * Self.second },
        features: [(0..<rows).map { Double(1000 * group + $0) }])
      return (
        data: data,
        split: WindowSplit(
          runs: data.runs(interval: Self.second), window: window, validation: 0.25)
      )
    }
    let shape = try AutoencoderShape(features: 1, window: window, hidden: 1, latent: 1)
    let identity = Scaler(offsets: [0], scales: [1], compression: .none)
    for limit in [Int.max, 50, 7, 1] {
      let windows = TrainingWindows(groups, shape: shape, scaler: identity, limit: limit)
      func rows(_ ranges: [Range<Int>]) -> [[Int]] {
        ranges.flatMap { range in
          range.map { start in (0..<window).map { Int(windows.matrix.row(start + $0)[0]) } }
        }
      }
      let (training, validation) = (rows(windows.training), rows(windows.validation))
      for found in training + validation {
        #expect(found == (0..<window).map { found[0] + $0 }, "one group's consecutive rows")
        #expect(found[0] / 1000 == found[window - 1] / 1000)
      }
      #expect(Set(training.joined()).isDisjoint(with: validation.joined()))
      #expect(training.count <= limit)
      if limit == .max {
        #expect(training.count == groups.reduce(0) { $0 + $1.split.trainingWindows })
        #expect(validation.count == groups.reduce(0) { $0 + $1.split.validationWindows })
      }
    }
  }

  @Test("more windows than the limit are thinned evenly over groups and time")
  func thinning() throws {
    let groups = (0..<5).map { group in
      let data = testSignal(rows: 2000, seed: UInt64(group), features: 1)
      return (
        data: data,
        split: WindowSplit(runs: data.runs(interval: Self.second), window: 5, validation: 0.2)
      )
    }
    let shape = try AutoencoderShape(features: 1, window: 5, hidden: 1, latent: 1)
    let scaler = Scaler(offsets: [0], scales: [1], compression: .none)
    let all = groups.reduce(0) { $0 + $1.split.trainingWindows }
    for limit in [1000, 3000, 7000] {
      let windows = TrainingWindows(groups, shape: shape, scaler: scaler, limit: limit)
      let training = windows.training.reduce(0) { $0 + $1.count }
      let validation = windows.validation.reduce(0) { $0 + $1.count }
      #expect(training <= limit && training > limit - 2 * ScoringNetwork.batch)
      #expect(abs(validation - 5 * 400 * limit / all) <= 2 * ScoringNetwork.batch)
    }
  }

  @Test("one group alone trains to the same bits as before there were shared networks")
  func oneGroupIsAsBefore() throws {
    // The expected bits are those of the code that knew one group only. There is a gap, so that there
    // are several ranges.
    var random = SplitMix64(seed: 3)
    let columns = [21, 34].map { period in
      (0..<400).map { Double($0 % period) + Double(random.nextUnit()) }
    }
    let data = GroupData(
      timestamps: (0..<400).map { (Int64($0) + ($0 > 211 ? 7 : 0)) * Self.second },
      features: columns)
    var options = testOptions()
    options.loss = .last
    options.sustain = 2
    options.compression = .asinh
    options.margin = 1.5
    let model = try trainer(options).train(data, key: [])
    #expect(model.threshold.bitPattern == 4_612_091_582_926_024_594)
    #expect(model.info.validationLoss.bitPattern == 4_598_757_810_760_036_922)
  }

  @Test("the same groups give the same bits; other groups others")
  func determinism() throws {
    let groups = (0..<3).map { testSignal(rows: 120, seed: UInt64($0)) }
    let first = try trainer().trainShared(groups, value: "web", limit: 200)
    #expect(try trainer().trainShared(groups, value: "web", limit: 200) == first)
    #expect(first.key == ["web"])
    #expect(first.info.rows == 360)
    #expect(first.info.trainingWindows <= 200)
    let fewer = try trainer().trainShared(Array(groups.dropLast()), value: "web", limit: 200)
    #expect(fewer.parameters != first.parameters)
  }

  @Test("a group's level makes no difference where windows are centred")
  func levels() throws {
    let groups = (0..<3).map { testSignal(rows: 160, seed: UInt64($0)) }
    let options = testOptions()
    // Whole numbers, that float keeps exactly enough.
    let apart = zip(groups, [0.0, 64, 1024]).map { raised($0, by: $1) }
    let model = try trainer(options).trainShared(apart, value: "web")
    #expect(zip(model.scaler.scales, [2.1, 2.1]).allSatisfy { abs($0 - $1) < 0.2 })
    let scorer = GroupScorer(model, options: options, interval: Self.second)
    let fresh = testSignal(rows: 100, seed: 9)
    let low = try scorer.score(fresh)
    let high = try scorer.score(raised(fresh, by: 4096))
    for (a, b) in zip(low.loss, high.loss).dropFirst(options.window) {
      #expect(abs(a - b) <= 0.01 * a)
    }
  }

  @Test("a constant feature's scale is of its middle level, though that differs among groups")
  func constantFeature() throws {
    let groups = (0..<3).map { group in
      let data = testSignal(rows: 100, seed: UInt64(group))
      return GroupData(
        timestamps: data.timestamps,
        features: [data.features[0], Array(repeating: 0.1 * Double(group + 1), count: 100)])
    }
    let model = try trainer().trainShared(groups, value: "web")
    #expect(abs(model.scaler.scales[1] - 0.002) < 1e-15)
  }

  @Test(
    "groups too small for networks of their own make one together", arguments: Centering.allCases)
  func smallGroups(centering: Centering) throws {
    var options = testOptions()
    options.centering = centering
    let small = (0..<6).map { testSignal(rows: 22, seed: UInt64($0)) }
    #expect(throws: DetectionError.self) { try trainer(options).train(small[0], key: []) }
    let model = try trainer(options).trainShared(small, value: "web")
    let scores = try GroupScorer(model, options: options, interval: Self.second).score(small[0])
    #expect(scores.loss.last?.isFinite == true)
    #expect(
      throws: DetectionError.tooLittleData(group: ["web"], windows: 18, needed: 36)
    ) {
      try trainer(options).trainShared([small[0]], value: "web")
    }
    #expect(throws: DetectionError.self) { try trainer(options).trainShared([], value: "web") }
    // Too few are left for a threshold.
    #expect(throws: DetectionError.tooLittleData(group: ["web"], windows: 108, needed: 109)) {
      try trainer(options).trainShared(small, value: "web", limit: 20)
    }
  }

  @Test("a new pod of a service is not flagged for its level, and its faults are")
  func heldOutPod() throws {
    var options = DetectorOptions()
    options.hidden = 12
    options.latent = 4
    options.epochs = 30
    let pods = (0..<6).map { Self.pod($0) }
    let trainer = try trainer(options)
    let shared = try trainer.trainShared(
      pods.dropLast().map { part($0, 0..<500) }, value: "web")
    let own = try trainer.train(part(pods[5], 0..<500), key: [])
    let fresh = part(pods[5], 500..<900)
    func flags(_ model: GroupModel, _ data: GroupData) throws -> [Int] {
      let scores = try GroupScorer(model, options: options, interval: Self.second).score(data)
      return scores.loss.indices.filter { scores.loss[$0] > scores.threshold }
    }
    // 1 % of the rows, and no more than three times what its own network flags.
    #expect(try flags(shared, fresh).count <= max(4, 3 * flags(own, fresh).count))
    var features = fresh.features
    for row in 200..<205 { features[1][row] += 60 }
    let fault = GroupData(timestamps: fresh.timestamps, features: features)
    #expect(try flags(shared, fault).contains { (200..<206).contains($0) })
  }

  /// A pod under the service's load, with memory at a level of its own.
  private static func pod(_ number: Int) -> GroupData {
    var random = SplitMix64(seed: UInt64(100 + number))
    let level = [100.0, 250, 400, 800, 1200, 1600][number]
    var (cpu, memory) = ([Double](), [Double]())
    for row in 0..<900 {
      let wave: Double = 30 * sin(Double(row) / 40)
      let load = 100 + wave + 10 * Double(random.symmetric())
      cpu.append(0.01 * load + 0.02 * Double(random.symmetric()) + 0.1 * Double(number))
      memory.append(level + 0.05 * load + 2 * Double(random.symmetric()))
    }
    return GroupData(
      timestamps: (0..<900).map { Int64($0) * second }, features: [cpu, memory])
  }
}

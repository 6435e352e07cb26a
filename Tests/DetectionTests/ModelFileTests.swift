import Encoding
import Foundation
import Testing

@testable import Detection

@Suite("Model file")
struct ModelFileTests {
  /// The worked example of FORMAT.md, as it stands there; what follows a `;` is commentary.
  static let exampleBytes: [UInt8] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    guard let text = try? String(contentsOf: root.appending(path: "FORMAT.md"), encoding: .utf8),
      let start = text.range(of: "```hex model\n"),
      let end = text.range(of: "\n```", range: start.upperBound..<text.endIndex)
    else { return [] }
    return bytes(of: text[start.upperBound..<end.lowerBound])
  }()

  /// The example of FORMAT.md as it was for version 2.
  private static func versionTwoBytes() throws -> [UInt8] {
    let url = try #require(
      Bundle.module.url(forResource: "model-2", withExtension: "hex", subdirectory: "Golden"))
    return bytes(of: try String(contentsOf: url, encoding: .utf8)[...])
  }

  private static func bytes(of listing: Substring) -> [UInt8] {
    listing.split(separator: "\n").flatMap { line in
      line.prefix { $0 != ";" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
  }

  static func exampleModel() throws -> DetectionModel {
    var options = DetectorOptions()
    options.window = 2
    options.hidden = 1
    options.latent = 1
    // The defaults of the day the example was written.
    options.compression = .asinh
    options.loss = .last
    options.margin = 1.5
    options.sustain = 2
    let specification = ModelSpecification(
      name: "m", fields: ["a"], interval: 1_000_000_000, groupTags: ["pod"], shareTag: "app",
      options: options, annotations: ["from": "db"])
    var parameters = AutoencoderParameters(shape: try specification.shape)
    var next: Float = 0
    for tensor in AutoencoderTensor.allCases {
      let (rows, columns) = tensor.size(in: parameters.shape)
      parameters[tensor] = (0..<rows * columns).map { _ in
        next += 0.25
        return next
      }
    }
    let group = GroupModel(
      key: ["p0"], scaler: Scaler(offsets: [2], scales: [0.5], compression: .asinh),
      parameters: parameters, threshold: 1.5,
      info: TrainingInfo(
        rows: 100, trainingWindows: 78, validationWindows: 20, epochs: 7, bestEpoch: 5,
        trainingLoss: 0.5, validationLoss: 0.25, firstTimestamp: 1_000_000_000,
        lastTimestamp: 100_000_000_000, seed: 0))
    let shared = GroupModel(
      key: ["web"], scaler: Scaler(offsets: [2], scales: [0.5], compression: .none),
      parameters: parameters, threshold: 2, info: group.info)
    return try DetectionModel(specification: specification, groups: [group], shared: [shared])
  }

  /// With a length and checksum that fit, so that damage reaches the reader.
  private func sealed(_ body: [UInt8]) -> [UInt8] {
    var bytes = body
    if bytes.count >= 20 {
      let length = UInt64(bytes.count + 4)
      for i in 0..<8 { bytes[12 + i] = UInt8(truncatingIfNeeded: length >> (8 * i)) }
    }
    let checksum = CRC32C.checksum(bytes)
    for i in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: checksum >> (8 * i))) }
    return bytes
  }

  @Test("FORMAT.md's table of files says the magic and version of the code")
  func formatTable() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "FORMAT.md"), encoding: .utf8)
    let magic = String(decoding: ModelFile.magic, as: UTF8.self)
    let rows = text.split(separator: "\n").filter {
      $0.contains("`Sources/Detection/") && $0.hasPrefix("| ")
    }
    #expect(rows.count == 1)
    #expect(
      rows.first?.hasPrefix(
        "| model | `\(magic)` | \(ModelFile.version) | `Sources/Detection/ModelFile/ModelFile.swift` |"
      )
        == true)
  }

  @Test("the worked example reads as described and is written the same")
  func workedExample() throws {
    let model = try Self.exampleModel()
    #expect(model.encoded() == Self.exampleBytes)
    #expect(try DetectionModel(decoding: Self.exampleBytes) == model)
  }

  @Test("a trained model survives, and scores the same bits")
  func roundTrip() throws {
    let options = testOptions()
    let specification = ModelSpecification(
      name: "β", fields: ["x", "y"], interval: 1_000_000_000, groupTags: ["host", "pod"],
      options: options)
    let trainer = try DetectionModel.trainer(for: specification)
    let data = testSignal(rows: 100)
    let groups = try [["b", "1"], ["a", "2"], ["a", "1"]].map { try trainer.train(data, key: $0) }
    let model = try DetectionModel(specification: specification, groups: groups)
    #expect(model.groups.map(\.key) == [["a", "1"], ["a", "2"], ["b", "1"]])
    let copy = try DetectionModel(decoding: model.encoded())
    #expect(copy == model)
    let scores = try #require(try copy.score(group: ["b", "1"], data))
    let expected = try #require(try model.score(group: ["b", "1"], data))
    #expect(scores.loss.dropFirst(4) == expected.loss.dropFirst(4))
    #expect(scores.threshold == expected.threshold)
    #expect(try copy.score(group: ["c", "1"], data) == nil)
    #expect(copy.group(["a"]) == nil)
  }

  @Test("every flipped bit and every shortening is refused")
  func damage() throws {
    let bytes = Self.exampleBytes
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        #expect(throws: DetectionError.self) { try DetectionModel(decoding: damaged) }
      }
      #expect(throws: DetectionError.self) { try DetectionModel(decoding: Array(bytes[..<index])) }
    }
  }

  @Test("damage under a right checksum is refused or read, never a crash")
  func sealedDamage() throws {
    let body = Array(Self.exampleBytes.dropLast(4))
    var refused = 0
    for index in 20..<body.count {
      for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
        var damaged = body
        damaged[index] = value
        do { _ = try DetectionModel(decoding: sealed(damaged)) } catch is DetectionError {
          refused += 1
        }
      }
      #expect(throws: DetectionError.self) {
        try DetectionModel(decoding: sealed(Array(body[..<index])))
      }
    }
    #expect(refused > 500)
    var random = SplitMix64(seed: 8)
    for _ in 0..<2000 {
      var damaged = body
      for _ in 0...random.below(4) {
        damaged[20 + random.below(body.count - 20)] = UInt8(truncatingIfNeeded: random.next())
      }
      _ = try? DetectionModel(decoding: sealed(damaged))
    }
  }

  @Test("a file of version 1 has no sustain and scores each row by itself")
  func versionOne() throws {
    var body = Array(try Self.versionTwoBytes().dropLast(4))
    let option = [7, 0, 0, 0] + Array("sustain".utf8) + [1, 0, 0, 0] + Array("2".utf8)
    let found = body.indices.first { body[$0...].starts(with: option) }
    let start = try #require(found)
    body.removeSubrange(start..<start + option.count)
    let count = try #require(body.indices.first { body[$0...].starts(with: [18, 0, 0, 0]) })
    body[count] = 17
    // The same bytes under the later version lack an option.
    #expect(throws: DetectionError.self) { try DetectionModel(decoding: sealed(body)) }
    body[8] = 1
    let model = try DetectionModel(decoding: sealed(body))
    #expect(model.specification.options.sustain == 1)
    #expect(model.specification.options.reach == 2)
    let today = try Self.exampleModel()
    #expect(model.groups == today.groups)
    body[8] = 0
    #expect(throws: DetectionError.unsupportedVersion(0)) {
      try DetectionModel(decoding: sealed(body))
    }
  }

  @Test("a file of version 2 reads as a model without shared networks")
  func versionTwo() throws {
    let bytes = try Self.versionTwoBytes()
    let model = try DetectionModel(decoding: bytes)
    let today = try Self.exampleModel()
    #expect(model.groups == today.groups)
    #expect(model.shared.isEmpty)
    #expect(model.specification.shareTag == nil)
    #expect(model.specification.options == today.specification.options)
    #expect(model.specification.annotations == today.specification.annotations)
    #expect(try DetectionModel(decoding: model.encoded()) == model)
    // Neither version reads the other's bytes.
    var later = Array(bytes.dropLast(4))
    later[8] = 3
    #expect(throws: DetectionError.self) { try DetectionModel(decoding: sealed(later)) }
    var earlier = Array(Self.exampleBytes.dropLast(4))
    earlier[8] = 2
    #expect(throws: DetectionError.self) { try DetectionModel(decoding: sealed(earlier)) }
  }

  @Test("a later version is named as such")
  func laterVersion() {
    var bytes = Self.exampleBytes
    bytes[8] = 4
    #expect(throws: DetectionError.unsupportedVersion(4)) {
      try DetectionModel(decoding: sealed(Array(bytes.dropLast(4))))
    }
  }

  @Test("groups that are not of the model are refused")
  func misfits() throws {
    let model = try Self.exampleModel()
    let group = model.groups[0]
    #expect(throws: DetectionError.self) {
      try DetectionModel(specification: model.specification, groups: [group, group])
    }
    let shared = model.shared[0]
    #expect(throws: DetectionError.self) {
      try DetectionModel(specification: model.specification, groups: [], shared: [shared, shared])
    }
    // Its scaler compresses, so its network would not.
    #expect(throws: DetectionError.self) {
      try DetectionModel(specification: model.specification, groups: [], shared: [group])
    }
    var other = model.specification
    other.shareTag = nil
    #expect(throws: DetectionError.self) {
      try DetectionModel(specification: other, groups: [group], shared: [shared])
    }
    other.fields = ["a", "b"]
    #expect(throws: DetectionError.self) {
      try DetectionModel(specification: other, groups: [group])
    }
    other.fields = ["a", "a"]
    #expect(throws: DetectionError.self) { try other.validate() }
  }
}

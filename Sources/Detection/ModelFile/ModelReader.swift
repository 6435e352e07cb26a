import Encoding

extension DetectionModel {
  /// Reads a model file's bytes (FORMAT.md, "Model file").
  ///
  /// Every count is checked against the bytes that are left before anything is allocated for it.
  ///
  /// - Throws: ``DetectionError/corruptModel(offset:reason:)`` or
  ///   ``DetectionError/unsupportedVersion(_:)``.
  public init(decoding bytes: [UInt8]) throws {
    var reader = ModelReader(bytes: bytes, end: bytes.count)
    let version = try reader.readFrame()
    let start = reader.offset
    let specification: ModelSpecification
    let shape: AutoencoderShape
    do {
      specification = try reader.readSpecification(version: version)
      try specification.validate()
      shape = try specification.shape
    } catch DetectionError.invalidOption(let name, let reason) {
      throw DetectionError.corruptModel(offset: start, reason: "\(name): \(reason)")
    }
    let options = specification.options
    let groups = try reader.readGroups(
      tags: specification.groupTags.count, shape, compression: options.compression)
    let shared =
      version < ModelFile.sharedVersion
      ? [] : try reader.readGroups(tags: 1, shape, compression: options.sharedCompression)
    guard shared.isEmpty || specification.shareTag != nil else {
      throw reader.corrupt("shared networks before here, and no tag that names them")
    }
    guard reader.remaining == 0 else { throw reader.corrupt("\(reader.remaining) bytes too many") }
    try self.init(specification: specification, groups: groups, shared: shared)
  }
}

private struct ModelReader {
  let bytes: [UInt8]
  var offset = 0
  /// Where the bytes to read end: before the checksum, once the frame is read.
  var end: Int

  init(bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = end
  }

  var remaining: Int { end - offset }

  func corrupt(_ reason: String) -> DetectionError { .corruptModel(offset: offset, reason: reason) }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= remaining else {
      throw corrupt("\(count) bytes are needed, \(remaining) are left")
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws -> Value {
    var value: Value = 0
    for (index, byte) in try take(MemoryLayout<Value>.size).enumerated() {
      value |= Value(truncatingIfNeeded: byte) << (8 * index)
    }
    return value
  }

  mutating func finite() throws -> Double {
    let value = Double(bitPattern: try integer())
    guard value.isFinite else {
      offset -= 8
      throw corrupt("a number that is not finite")
    }
    return value
  }

  /// A count of things that take `size` bytes each at the least.
  mutating func readCount(atLeast size: Int) throws -> Int {
    let count = Int(try integer(UInt32.self))
    guard count <= remaining / size else {
      offset -= 4
      throw corrupt("a count of \(count), for which the file is too short")
    }
    return count
  }

  /// A number of rows or windows.
  mutating func readSize() throws -> Int {
    let value = try integer(UInt64.self)
    guard let size = Int(exactly: value) else {
      offset -= 8
      throw corrupt("a count of \(value)")
    }
    return size
  }

  mutating func string() throws -> String {
    let start = offset
    let count = try readCount(atLeast: 1)
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw DetectionError.corruptModel(offset: start, reason: "text that is not UTF-8")
    }
    return text
  }

  mutating func strings() throws -> [String] {
    let count = try readCount(atLeast: 4)
    return try (0..<count).map { _ in try string() }
  }

  mutating func pairs() throws -> [(String, String)] {
    let count = try readCount(atLeast: 8)
    return try (0..<count).map { _ in (try string(), try string()) }
  }

  /// Checks all but the body, and leaves the offset at the body.
  ///
  /// - Returns: the format's version.
  mutating func readFrame() throws -> UInt32 {
    guard bytes.count >= ModelFile.headerSize + ModelFile.checksumSize else {
      throw corrupt("\(bytes.count) bytes are not a model file")
    }
    guard Array(try take(ModelFile.magic.count)) == ModelFile.magic else {
      offset = 0
      throw corrupt("this is not a model file")
    }
    let version = try integer(UInt32.self)
    guard (1...ModelFile.version).contains(version) else {
      throw DetectionError.unsupportedVersion(Int(version))
    }
    let length = try integer(UInt64.self)
    guard length == UInt64(bytes.count) else {
      offset -= 8
      throw corrupt("a length of \(length) in a file of \(bytes.count) bytes")
    }
    end = bytes.count - ModelFile.checksumSize
    let body = offset
    let expected = CRC32C.checksum(Array(bytes[..<end]))
    offset = end
    end = bytes.count
    guard try integer(UInt32.self) == expected else {
      offset -= ModelFile.checksumSize
      throw corrupt("the checksum does not match")
    }
    offset = body
    end = bytes.count - ModelFile.checksumSize
    return version
  }

  mutating func readSpecification(version: UInt32) throws -> ModelSpecification {
    let name = try string()
    let fields = try strings()
    let interval = try integer(Int64.self)
    let groupTags = try strings()
    let optionsStart = offset
    let pairs = try pairs()
    let later = ModelFile.laterOptions.filter { $0.since > version }
    let names = DetectorOptions.names.filter { name in !later.contains { $0.name == name } }
    guard pairs.map(\.0) == names else {
      throw DetectionError.corruptModel(
        offset: optionsStart, reason: "the options are not those of this version")
    }
    var options = DetectorOptions()
    for option in later { try options.set(option.name, to: option.before) }
    for (name, value) in pairs { try options.set(name, to: value) }
    var shareTags: [String] = []
    if version >= ModelFile.sharedVersion {
      let start = offset
      shareTags = try strings()
      guard shareTags.count <= 1 else {
        throw DetectionError.corruptModel(
          offset: start, reason: "\(shareTags.count) tags that name shared networks")
      }
    }
    let annotationsStart = offset
    let annotations = try self.pairs()
    guard zip(annotations, annotations.dropFirst()).allSatisfy({ $0.0 < $1.0 }) else {
      throw DetectionError.corruptModel(
        offset: annotationsStart, reason: "annotations do not ascend")
    }
    return ModelSpecification(
      name: name, fields: fields, interval: interval, groupTags: groupTags,
      shareTag: shareTags.first, options: options,
      annotations: Dictionary(annotations, uniquingKeysWith: { first, _ in first }))
  }

  mutating func readGroups(
    tags: Int, _ shape: AutoencoderShape, compression: Compression
  ) throws -> [GroupModel] {
    let count = try readCount(atLeast: 4 + 16 * shape.features)
    var groups: [GroupModel] = []
    for _ in 0..<count {
      let start = offset
      let group = try readGroup(tags: tags, shape, compression: compression)
      if let last = groups.last, !last.key.lexicographicallyPrecedes(group.key) {
        throw DetectionError.corruptModel(offset: start, reason: "group keys do not ascend")
      }
      groups.append(group)
    }
    return groups
  }

  mutating func readGroup(
    tags: Int, _ shape: AutoencoderShape, compression: Compression
  ) throws -> GroupModel {
    let start = offset
    let key = try strings()
    guard key.count == tags else {
      throw DetectionError.corruptModel(
        offset: start, reason: "\(key.count) tag values for \(tags) tags")
    }
    var offsets: [Double] = []
    var scales: [Double] = []
    for _ in 0..<shape.features {
      offsets.append(try finite())
      let scale = try finite()
      guard scale > 0 else { throw corrupt("a scale of \(scale) before here") }
      scales.append(scale)
    }
    let threshold = try finite()
    let info = TrainingInfo(
      rows: try readSize(), trainingWindows: try readSize(), validationWindows: try readSize(),
      epochs: Int(try integer(UInt32.self)), bestEpoch: Int(try integer(UInt32.self)),
      trainingLoss: try finite(), validationLoss: try finite(), firstTimestamp: try integer(),
      lastTimestamp: try integer(), seed: try integer())
    return GroupModel(
      key: key,
      scaler: Scaler(offsets: offsets, scales: scales, compression: compression),
      parameters: try readParameters(shape), threshold: threshold, info: info)
  }

  mutating func readParameters(_ shape: AutoencoderShape) throws -> AutoencoderParameters {
    let floats = AutoencoderTensor.allCases.reduce(0) {
      let (rows, columns) = $1.size(in: shape)
      return $0 + rows * columns
    }
    guard floats <= remaining / 4 else {
      throw corrupt("\(4 * floats) bytes of parameters are needed, \(remaining) are left")
    }
    let start = offset
    var parameters = AutoencoderParameters(shape: shape)
    for tensor in AutoencoderTensor.allCases {
      let (rows, columns) = tensor.size(in: shape)
      parameters[tensor] = try (0..<rows * columns).map { _ in Float(bitPattern: try integer()) }
    }
    guard parameters.isFinite else {
      throw DetectionError.corruptModel(offset: start, reason: "parameters that are not finite")
    }
    return parameters
  }
}

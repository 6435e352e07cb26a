import Encoding

extension DetectionModel {
  /// The model as a model file's bytes (FORMAT.md, "Model file").
  public func encoded() -> [UInt8] {
    var writer = ModelWriter()
    writer.bytes += ModelFile.magic
    writer.integer(ModelFile.version)
    writer.integer(UInt64(0))
    writer.write(specification)
    for networks in [groups, shared] {
      writer.integer(UInt32(networks.count))
      for network in networks { writer.write(network) }
    }
    let length = UInt64(writer.bytes.count + ModelFile.checksumSize)
    withUnsafeBytes(of: length.littleEndian) {
      writer.bytes.replaceSubrange(12..<20, with: $0)
    }
    writer.integer(CRC32C.checksum(writer.bytes))
    return writer.bytes
  }
}

private struct ModelWriter {
  var bytes: [UInt8] = []

  mutating func integer(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func double(_ value: Double) { integer(value.bitPattern) }

  mutating func string(_ value: String) {
    integer(UInt32(value.utf8.count))
    bytes += value.utf8
  }

  mutating func strings(_ values: [String]) {
    integer(UInt32(values.count))
    for value in values { string(value) }
  }

  mutating func pairs(_ values: [(String, String)]) {
    integer(UInt32(values.count))
    for (key, value) in values {
      string(key)
      string(value)
    }
  }

  mutating func write(_ specification: ModelSpecification) {
    string(specification.name)
    strings(specification.fields)
    integer(specification.interval)
    strings(specification.groupTags)
    pairs(specification.options.values.map { ($0.name, $0.value) })
    strings(specification.shareTag.map { [$0] } ?? [])
    pairs(specification.annotations.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  mutating func write(_ group: GroupModel) {
    strings(group.key)
    for (offset, scale) in zip(group.scaler.offsets, group.scaler.scales) {
      double(offset)
      double(scale)
    }
    double(group.threshold)
    let info = group.info
    for count in [info.rows, info.trainingWindows, info.validationWindows] {
      integer(UInt64(count))
    }
    integer(UInt32(info.epochs))
    integer(UInt32(info.bestEpoch))
    double(info.trainingLoss)
    double(info.validationLoss)
    integer(info.firstTimestamp)
    integer(info.lastTimestamp)
    integer(info.seed)
    for tensor in AutoencoderTensor.allCases {
      for value in group.parameters[tensor] { integer(value.bitPattern) }
    }
  }
}

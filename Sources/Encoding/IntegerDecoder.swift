/// Reads what ``IntegerEncoder`` writes.
enum IntegerDecoder {
  static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>, depth: Int
  ) throws {
    guard !target.isEmpty else { return }
    guard depth < IntegerStream.maximumDepth else {
      throw reader.malformed("streams nested too deep")
    }
    guard let codec = IntegerCodec(rawValue: try reader.readByte()) else {
      throw reader.malformed("unknown integer codec")
    }
    switch codec {
    case .constant:
      target.update(repeating: try reader.readSignedVarint())
    case .linear:
      var value = try reader.readSignedVarint()
      let step = try reader.readSignedVarint()
      for row in target.indices {
        target[row] = value
        value &+= step
      }
    case .plain:
      let source = try reader.readBytes(target.count * 8)
      for row in target.indices {
        target[row] = Int64(
          littleEndian: source.loadUnaligned(fromByteOffset: row * 8, as: Int64.self))
      }
    case .packed:
      try Packing.decode(from: &reader, into: target)
    case .delta:
      target[0] = try reader.readSignedVarint()
      try Packing.decode(from: &reader, into: UnsafeMutableBufferPointer(rebasing: target[1...]))
      accumulate(target)
    case .deltaOfDelta:
      guard target.count >= 2 else { throw reader.malformed("a single value has no differences") }
      target[0] = try reader.readSignedVarint()
      target[1] = try reader.readSignedVarint()
      try Packing.decode(from: &reader, into: UnsafeMutableBufferPointer(rebasing: target[2...]))
      accumulateTwice(target)
    case .runs:
      try decodeRuns(from: &reader, into: target, depth: depth)
    case .dictionary:
      try decodeDictionary(from: &reader, into: target, depth: depth)
    case .lz4:
      try decodeLZ4(from: &reader, into: target)
    case .scaled:
      let offset = try reader.readSignedVarint()
      let divisor = Int64(bitPattern: try reader.readVarint())
      try decode(from: &reader, into: target, depth: depth + 1)
      for row in target.indices { target[row] = target[row] &* divisor &+ offset }
    case .entropy:
      try decodeEntropy(from: &reader, into: target, depth: depth)
    }
  }

  private static func accumulate(_ target: UnsafeMutableBufferPointer<Int64>) {
    var value = target[0]
    for row in 1..<target.count {
      value &+= target[row]
      target[row] = value
    }
  }

  private static func accumulateTwice(_ target: UnsafeMutableBufferPointer<Int64>) {
    var value = target[0]
    var difference: Int64 = 0
    for row in 1..<target.count {
      difference &+= target[row]
      value &+= difference
      target[row] = value
    }
  }

  private static func decodeEntropy(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>, depth: Int
  ) throws {
    let order = Int(try reader.readByte())
    guard order <= min(2, target.count) else { throw reader.malformed("differences too deep") }
    for row in 0..<order { target[row] = try reader.readSignedVarint() }
    try EntropyCoding.decode(
      from: &reader, into: UnsafeMutableBufferPointer(rebasing: target[order...]), depth: depth)
    switch order {
    case 1: accumulate(target)
    case 2: accumulateTwice(target)
    default: break
    }
  }

  private static func decodeRuns(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>, depth: Int
  ) throws {
    let count = try reader.readCount(atMost: target.count)
    let lengths = try array(from: &reader, count: count, depth: depth + 1)
    let values = try array(from: &reader, count: count, depth: depth + 1)
    var row = 0
    for (length, value) in zip(lengths, values) {
      guard length >= 0, length < target.count - row else {
        throw reader.malformed("runs are longer than the column")
      }
      target[row...row + Int(length)].update(repeating: value)
      row += Int(length) + 1
    }
    guard row == target.count else { throw reader.malformed("runs are shorter than the column") }
  }

  private static func decodeDictionary(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>, depth: Int
  ) throws {
    let count = try reader.readCount(atMost: target.count)
    let distinct = try array(from: &reader, count: count, depth: depth + 1)
    try decode(from: &reader, into: target, depth: depth + 1)
    for row in target.indices {
      guard let index = Int(exactly: target[row]), distinct.indices.contains(index) else {
        throw reader.malformed("an index outside the dictionary")
      }
      target[row] = distinct[index]
    }
  }

  private static func decodeLZ4(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
  ) throws {
    let base = try reader.readSignedVarint()
    let width = Int(try reader.readByte())
    guard (1...8).contains(width) else { throw reader.malformed("values of \(width) bytes") }
    let stored = try reader.readBytes(reader.readCount(atMost: reader.remaining))
    let bytes: [UInt8]
    do {
      bytes = try LZ4Block.decompress(stored, count: target.count * width)
    } catch {
      throw reader.malformed("bad LZ4 data")
    }
    bytes.withUnsafeBytes { source in
      target.withMemoryRebound(to: UInt64.self) {
        BitPacking.unpack(source, width: width * 8, into: $0)
      }
    }
    for row in target.indices { target[row] &+= base }
  }

  static func array(from reader: inout ByteReader, count: Int, depth: Int) throws
    -> [Int64]
  {
    try [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
      try decode(
        from: &reader, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]), depth: depth)
      filled = count
    }
  }
}

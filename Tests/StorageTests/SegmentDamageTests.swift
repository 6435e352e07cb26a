import Testing
import TimeSeries

@testable import Storage

@Suite struct SegmentDamageTests {
  static let key = "cpu,host=a"

  static func sample() throws -> [UInt8] {
    let timestamps: [Timestamp] = (0..<20).map { $0 * 1000 + $0 % 3 }
    let block = SegmentBlock(
      timestamps: timestamps,
      fields: [
        ("usage", Column(.float((0..<20).map { Double($0 * $0) / 10 }))),
        ("note", Column(.string((0..<20).map { "note \($0)" }))),
        ("up", Column(.boolean((0..<20).map { $0 % 3 == 0 }))),
      ])
    let more = SegmentBlock(
      timestamps: timestamps.map { $0 + 100_000 },
      fields: [("usage", Column(.float((0..<20).map { Double($0) * 0.3 })))])
    return try segmentBytes([
      SeriesInput(id: 1, key: key, blocks: [block, more]),
      SeriesInput(id: 2, key: key + "b", blocks: [block]),
    ]).bytes
  }

  /// Everything a reader can be asked, as text to compare.
  static func contents(_ bytes: [UInt8]) throws -> String {
    let reader = try openSegment(bytes)
    var text = "\(reader.summary) \(try reader.keys())"
    for id in reader.seriesIDs {
      for block in reader.blocks(of: id) {
        text += "\(block) \(try reader.timestamps(of: block))"
        for field in reader.fieldNames(in: block) {
          text += "\(field) \(String(describing: try reader.column(field, of: block)))"
          text += "\(String(describing: reader.statistics(of: field, in: block)))"
        }
      }
    }
    return text
  }

  @Test func everyFlippedBitIsAnErrorNeverOtherData() throws {
    let bytes = try Self.sample()
    let before = try Self.contents(bytes)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do {
        let after = try Self.contents(damaged)
        #expect(after == before, "bit \(bit % 8) of byte \(bit / 8) changed what is read")
      } catch is StorageError {
        continue
      }
    }
  }

  @Test func everyTruncationAndExtensionIsAnError() throws {
    let bytes = try Self.sample()
    for length in 0..<bytes.count {
      #expect(throws: StorageError.self, "cut to \(length)") {
        try openSegment(Array(bytes[..<length]))
      }
    }
    #expect(throws: StorageError.self) { try openSegment(bytes + [0]) }
    #expect(throws: StorageError.self) { try openSegment([0] + bytes) }
  }

  @Test func damageToOneChunkLeavesTheOthersReadable() throws {
    let bytes = try Self.sample()
    let whole = try openSegment(bytes)
    var seen = Set<Int>()
    // The chunks are what lies between the header and the directory.
    let end = try #require(Self.chunksEnd(bytes))
    for offset in SegmentFormat.headerLength..<end {
      var damaged = bytes
      damaged[offset] ^= 0x10
      let reader = try openSegment(damaged)
      let errors = reader.verify()
      #expect(errors.count == 1)
      guard case .corrupt(let path, let reported, _)? = errors.first else {
        Issue.record("not reported as corrupt: \(errors)")
        continue
      }
      #expect(path == "test.segment")
      #expect(reported <= offset && offset - reported < 400)
      seen.insert(reported)
      var failures = 0
      for id in reader.seriesIDs {
        for block in reader.blocks(of: id) {
          do { _ = try reader.timestamps(of: block) } catch { failures += 1 }
          for field in reader.fieldNames(in: block) {
            do {
              let column = try reader.column(field, of: block)
              #expect(try column == whole.column(field, of: block))
            } catch { failures += 1 }
          }
        }
      }
      #expect(failures == 1, "byte \(offset)")
    }
    // Three blocks' times and seven columns.
    #expect(seen.count == 10)
  }

  @Test func damagedKeysLeaveTheRowsReadable() throws {
    var bytes = try Self.sample()
    bytes[bytes.count - SegmentFormat.trailerLength - 1] ^= 1
    let reader = try openSegment(bytes)
    #expect(throws: StorageError.self) { try reader.keys() }
    #expect(throws: StorageError.self) { try reader.key(of: SeriesID(rawValue: 1)) }
    #expect(reader.verify().count == 1)
    for block in reader.blocks(of: SeriesID(rawValue: 1)) {
      #expect(try reader.timestamps(of: block).count == 20)
    }
  }

  @Test func aNewerVersionIsNamedAsSuch() throws {
    var bytes = try Self.sample()
    bytes[8] = 2
    #expect(
      throws: StorageError.unsupportedVersion(path: "test.segment", found: 2, supported: 1...1)
    ) { try openSegment(bytes) }
  }

  @Test func damageAfterTheFirstReadIsNotLookedForAgainButVerifyDoes() throws {
    let bytes = try Self.sample()
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    memory.copyBytes(from: bytes)
    nonisolated(unsafe) let owned = memory
    let map = MappedFile(UnsafeRawBufferPointer(memory)) { owned.deallocate() }
    let reader = try SegmentReader(path: "test.segment", map: map)
    #expect(reader.verify().isEmpty)
    memory[SegmentFormat.headerLength] ^= 1
    #expect(reader.verify().count == 1)
  }

  private static func chunksEnd(_ bytes: [UInt8]) -> Int? {
    let trailer = Array(bytes.suffix(SegmentFormat.trailerLength))
    return trailer.withUnsafeBytes { raw in
      (try? SegmentTrailer(raw)).map { Int($0.directoryOffset) }
    }
  }
}

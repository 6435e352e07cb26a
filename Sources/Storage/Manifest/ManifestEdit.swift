import Encoding
import TimeSeries

/// A segment as the manifest lists it.
struct SegmentEntry: Sendable, Hashable {
  var name: SegmentName
  /// Start of the partition, nanoseconds.
  var partitionStart: Timestamp
  /// Bytes of the file, so that a truncated one is noticed at once.
  var size: UInt64
  var rowCount: UInt64
  var timeRange: ClosedRange<Timestamp>
}

/// Rows deleted: those of some series in a range of time, in segments up to a sequence.
struct Tombstone: Sendable, Hashable {
  /// Ascending.
  var series: [UInt32]
  var from: Timestamp
  var through: Timestamp
  /// Segments of a larger sequence were written later and are not meant.
  var upToSequence: UInt64
}

/// One step of a database's state. Raw values of the tags are part of the file format.
enum ManifestEdit: Sendable, Hashable {
  case addPolicy(id: UInt32, RetentionPolicy)
  case dropPolicy(id: UInt32)
  case setDefaultPolicy(id: UInt32)
  case addSegment(SegmentEntry)
  case removeSegment(SegmentName)
  /// WAL files with smaller numbers are of no more use.
  case setWALFloor(UInt64)
  /// No smaller number is given to a series again.
  case setNextSeries(UInt32)
  /// No smaller number is given to a flush again.
  case setNextSequence(UInt64)
  case addTombstone(Tombstone)
  /// Tombstones up to a sequence have no segment left that they apply to.
  case dropTombstones(upToSequence: UInt64)
  /// Ascending ids of series dropped.
  case dropSeries([UInt32])
  /// Ascending ids of dropped series that no segment has, nor the series log.
  case forgetSeries([UInt32])

  private enum Tag: UInt8 {
    case addPolicy = 1
    case dropPolicy = 2
    case setDefaultPolicy = 3
    case addSegment = 4
    case removeSegment = 5
    case setWALFloor = 6
    case setNextSeries = 7
    case setNextSequence = 8
    case addTombstone = 9
    case dropTombstones = 10
    case dropSeries = 11
    case forgetSeries = 12
  }

  func encode(to bytes: inout [UInt8]) {
    switch self {
    case .addPolicy(let id, let policy):
      bytes.append(Tag.addPolicy.rawValue)
      bytes.appendVarint(UInt64(id))
      bytes.appendText(policy.name)
      bytes.appendSignedVarint(policy.duration)
      bytes.appendSignedVarint(policy.partitionDuration)
    case .dropPolicy(let id):
      bytes.append(Tag.dropPolicy.rawValue)
      bytes.appendVarint(UInt64(id))
    case .setDefaultPolicy(let id):
      bytes.append(Tag.setDefaultPolicy.rawValue)
      bytes.appendVarint(UInt64(id))
    case .addSegment(let entry):
      bytes.append(Tag.addSegment.rawValue)
      Self.encode(entry.name, to: &bytes)
      bytes.appendSignedVarint(entry.partitionStart)
      bytes.appendVarint(entry.size)
      bytes.appendVarint(entry.rowCount)
      bytes.appendSignedVarint(entry.timeRange.lowerBound)
      bytes.appendSignedVarint(entry.timeRange.upperBound)
    case .removeSegment(let name):
      bytes.append(Tag.removeSegment.rawValue)
      Self.encode(name, to: &bytes)
    case .setWALFloor(let number):
      bytes.append(Tag.setWALFloor.rawValue)
      bytes.appendVarint(number)
    case .setNextSeries(let id):
      bytes.append(Tag.setNextSeries.rawValue)
      bytes.appendVarint(UInt64(id))
    case .setNextSequence(let sequence):
      bytes.append(Tag.setNextSequence.rawValue)
      bytes.appendVarint(sequence)
    case .addTombstone(let tombstone):
      bytes.append(Tag.addTombstone.rawValue)
      bytes.appendVarint(tombstone.upToSequence)
      bytes.appendSignedVarint(tombstone.from)
      bytes.appendSignedVarint(tombstone.through)
      bytes.appendAscending(tombstone.series)
    case .dropTombstones(let sequence):
      bytes.append(Tag.dropTombstones.rawValue)
      bytes.appendVarint(sequence)
    case .dropSeries(let ids):
      bytes.append(Tag.dropSeries.rawValue)
      bytes.appendAscending(ids)
    case .forgetSeries(let ids):
      bytes.append(Tag.forgetSeries.rawValue)
      bytes.appendAscending(ids)
    }
  }

  static func encode(_ name: SegmentName, to bytes: inout [UInt8]) {
    bytes.appendVarint(name.sequence)
    bytes.appendVarint(name.number)
    bytes.appendVarint(UInt64(name.policy))
  }

  init(from reader: inout ByteReader) throws {
    let start = reader.offset
    guard let tag = Tag(rawValue: try reader.readByte()) else {
      throw EncodingError.malformed(offset: start, reason: "unknown kind of edit")
    }
    switch tag {
    case .addPolicy:
      let id = try reader.readUInt32Varint()
      let name = try reader.readText(atMost: 1 << 16)
      let duration = try reader.readSignedVarint()
      let partition = try reader.readSignedVarint()
      guard duration >= 0, partition > 0 else { throw reader.malformed("bad policy durations") }
      self = .addPolicy(
        id: id, RetentionPolicy(name: name, duration: duration, partitionDuration: partition))
    case .dropPolicy: self = .dropPolicy(id: try reader.readUInt32Varint())
    case .setDefaultPolicy: self = .setDefaultPolicy(id: try reader.readUInt32Varint())
    case .addSegment:
      let name = try Self.readName(&reader)
      let partition = try reader.readSignedVarint()
      let size = try reader.readVarint()
      let rows = try reader.readVarint()
      let first = try reader.readSignedVarint()
      let last = try reader.readSignedVarint()
      guard first <= last else { throw reader.malformed("time range reversed") }
      self = .addSegment(
        SegmentEntry(
          name: name, partitionStart: partition, size: size, rowCount: rows,
          timeRange: first...last))
    case .removeSegment: self = .removeSegment(try Self.readName(&reader))
    case .setWALFloor: self = .setWALFloor(try reader.readOrdinal())
    case .setNextSeries: self = .setNextSeries(try reader.readUInt32Varint())
    case .setNextSequence: self = .setNextSequence(try reader.readOrdinal())
    case .addTombstone:
      let sequence = try reader.readOrdinal()
      let from = try reader.readSignedVarint()
      let through = try reader.readSignedVarint()
      self = .addTombstone(
        Tombstone(
          series: try reader.readAscending(), from: from, through: through, upToSequence: sequence))
    case .dropTombstones: self = .dropTombstones(upToSequence: try reader.readOrdinal())
    case .dropSeries: self = .dropSeries(try reader.readAscending())
    case .forgetSeries: self = .forgetSeries(try reader.readAscending())
    }
  }

  static func readName(_ reader: inout ByteReader) throws -> SegmentName {
    SegmentName(
      sequence: try reader.readOrdinal(), number: try reader.readOrdinal(),
      policy: try reader.readUInt32Varint())
  }

  static func encode(_ edits: [ManifestEdit]) -> [UInt8] {
    var bytes: [UInt8] = []
    for edit in edits { edit.encode(to: &bytes) }
    return bytes
  }

  static func decode(_ payload: UnsafeRawBufferPointer) throws -> [ManifestEdit] {
    var reader = ByteReader(payload)
    var edits: [ManifestEdit] = []
    while reader.remaining > 0 { edits.append(try ManifestEdit(from: &reader)) }
    return edits
  }
}

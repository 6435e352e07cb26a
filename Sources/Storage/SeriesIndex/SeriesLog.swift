import Encoding
import SystemPackage
import TimeSeries

/// The series index on disk: a log of series and fields as they came. See FORMAT.md.
///
/// It is written when a flush makes segments that refer to the ids, not with every batch: until
/// then the WAL, which holds keys, is what brings a series back.
///
/// It has no entry for the end of a series, which the manifest knows. So that a field tells by
/// itself whether it is there still, the log never has fields of a measurement that ended before
/// entries of one of the same name: what ends a measurement makes the next commit write the log
/// anew, and so does loading a log with fields of a measurement that has no series.
struct SeriesLog {
  static let magic = "VIGILSER"

  struct NewField: Hashable {
    var measurement: String
    var name: String
    var type: FieldType
  }

  private enum Tag: UInt8 {
    case series = 1
    case field = 2
  }

  private var file: RecordLogFile

  init(layout: DatabaseLayout) {
    file = RecordLogFile(
      path: layout.series, replacementPath: layout.seriesReplacement, magic: Self.magic)
  }

  /// Reads the log into `index`, leaving out dropped series and the fields of measurements that have
  /// no others. What is damaged is in `problems`. The next commit writes the log anew if something
  /// is damaged or fields were left out.
  init(
    opening layout: DatabaseLayout, on fileSystem: any FileSystem, into index: SeriesIndex,
    dropped: Set<UInt32>, problems: inout [StorageError]
  ) throws {
    self.init(layout: layout)
    let before = problems.count
    guard fileSystem.exists(layout.series) else { return }
    do {
      var loader = Loader(index: index, dropped: dropped)
      let map = try fileSystem.map(layout.series)
      let validSize = try map.withBytes { bytes in
        let contents = try RecordLog.read(bytes, path: layout.series, magic: Self.magic)
        problems += contents.problems
        for record in contents.records {
          do {
            try loader.load(record.payload)
          } catch {
            problems.append(
              .corrupt(path: layout.series.string, offset: record.offset, reason: "\(error)"))
          }
        }
        return contents.validSize
      }
      loader.addFields()
      if problems.count == before, !loader.hasFieldsOfEndedMeasurements {
        try file.resume(at: validSize, on: fileSystem)
      }
    } catch let error as StorageError {
      if case .unsupportedVersion = error { throw error }
      problems.append(error)
    }
  }

  /// Puts records into an index, leaving out dropped series: first all of the records, then
  /// ``addFields()``.
  struct Loader {
    let index: SeriesIndex
    let dropped: Set<UInt32>
    /// By measurement and name. Kept until all records are read: a series further on may be the
    /// first that is left of a field's measurement.
    private var fields: [String: [String: FieldType]] = [:]

    init(index: SeriesIndex, dropped: Set<UInt32>) {
      self.index = index
      self.dropped = dropped
    }

    mutating func load(_ bytes: UnsafeRawBufferPointer) throws {
      var reader = ByteReader(bytes)
      while reader.remaining > 0 {
        let start = reader.offset
        switch Tag(rawValue: try reader.readByte()) {
        case .series:
          let id = try reader.readUInt32Varint()
          let bytes = try reader.readTextBytes(atMost: SeriesIndex.keyLimit)
          if dropped.contains(id) || index.find(bytes) != nil { continue }
          guard index.add(bytes, id: id) != nil else {
            throw EncodingError.malformed(
              offset: start, reason: "not a series key, or series ids do not ascend")
          }
        case .field:
          guard let type = FieldType(rawValue: try reader.readByte()) else {
            throw reader.malformed("unknown field type")
          }
          let measurement = try reader.readText(atMost: SeriesIndex.keyLimit)
          let name = try reader.readText(atMost: SeriesIndex.keyLimit)
          // Where it is there with two types, the earlier is of a measurement that ended: an old log.
          fields[measurement, default: [:]][name] = type
        case nil: throw EncodingError.malformed(offset: start, reason: "unknown kind of entry")
        }
      }
    }

    /// Adds the fields of measurements that have series.
    func addFields() { index.addFields(fields) }

    /// Whether ``addFields()`` leaves fields out.
    var hasFieldsOfEndedMeasurements: Bool {
      fields.keys.contains { index.measurements[$0] == nil }
    }
  }

  /// Record payloads that hold the whole index, none of them too long.
  static func snapshot(
    of index: SeriesIndex, except series: Set<UInt32> = [], _ fields: Set<NewField> = []
  ) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var bytes: [UInt8] = []
    for id in index.liveIDs where !series.contains(id) {
      appendSeries(id, of: index, to: &bytes)
      if bytes.count > 1 << 20 {
        records.append(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    for name in index.measurements.keys.sorted() {
      for field in index.measurements[name]?.fields ?? [] {
        let entry = NewField(measurement: name, name: field.name, type: field.type)
        if !fields.contains(entry) { append(entry, to: &bytes) }
      }
    }
    return records + [bytes]
  }

  static func payload(series: [UInt32], fields: [NewField], of index: SeriesIndex) -> [UInt8] {
    var bytes: [UInt8] = []
    for id in series { appendSeries(id, of: index, to: &bytes) }
    for field in fields { append(field, to: &bytes) }
    return bytes
  }

  private static func appendSeries(_ id: UInt32, of index: SeriesIndex, to bytes: inout [UInt8]) {
    guard let key = index.canonicalKey(of: id) else { return }
    bytes.append(Tag.series.rawValue)
    bytes.appendVarint(UInt64(id))
    bytes.appendText(key)
  }

  private static func append(_ field: NewField, to bytes: inout [UInt8]) {
    bytes.append(Tag.field.rawValue)
    bytes.append(field.type.rawValue)
    bytes.appendText(field.measurement)
    bytes.appendText(field.name)
  }

  var isRewriteDue: Bool { file.isRewriteDue }

  /// Makes the next commit write the log anew: it lacks something that the index has.
  mutating func requireRewrite() { file.requireRewrite() }

  /// Makes entries durable; the snapshot has them too.
  mutating func commit(
    _ payload: [UInt8], snapshot: () -> [[UInt8]], on fileSystem: any FileSystem
  ) throws {
    try file.commit(payload, snapshot: snapshot, on: fileSystem)
  }

  /// Puts records in the place of the whole log.
  mutating func rewrite(_ records: [[UInt8]], on fileSystem: any FileSystem) throws {
    try file.rewrite(records, on: fileSystem)
  }

  mutating func close() throws { try file.close() }
}

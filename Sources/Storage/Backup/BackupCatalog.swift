import Encoding
import SystemPackage
import TimeSeries

/// A database at one moment but for the content of its segments, which it names. See FORMAT.md.
struct BackupCatalog: Sendable {
  static let magic = "VIGILBAK"
  /// Bytes of a stored file, so that it fits a record with its name.
  static let fileLimit = RecordLog.recordLimit - 1024

  struct StoredFile: Sendable, Hashable {
    var kind: String
    var name: String
    var bytes: [UInt8]
  }

  var database: String
  /// The moment, nanoseconds since 1970.
  var time: Timestamp
  var state: ManifestState
  /// Payloads of the series log's records.
  var series: [[UInt8]]
  /// Models, continuous queries and the like.
  var files: [StoredFile]
  /// In the order of the state's segments.
  var segments: [BackupSegment]

  private enum Tag: UInt8 {
    case head = 1
    case manifest = 2
    case series = 3
    case file = 4
    case segments = 5
    case end = 6
  }

  /// The rows of all segments, deleted ones included.
  var rowCount: UInt64 { state.segments.reduce(0) { $0 &+ $1.rowCount } }

  var encoded: [UInt8] {
    var bytes = RecordLog.header(magic: Self.magic)
    var records = 0
    func append(_ tag: Tag, _ fill: (inout [UInt8]) -> Void) {
      var payload = [tag.rawValue]
      fill(&payload)
      bytes += RecordLog.frame(payload)
      records += 1
    }
    append(.head) {
      $0.appendSignedVarint(time)
      $0.appendText(database)
    }
    append(.manifest) { $0 += ManifestEdit.encode(state.snapshot) }
    for record in series { append(.series) { $0 += record } }
    for file in files {
      append(.file) {
        $0.appendText(file.kind)
        $0.appendText(file.name)
        $0 += file.bytes
      }
    }
    append(.segments) {
      $0.appendVarint(segments.count)
      for segment in segments {
        ManifestEdit.encode(segment.name, to: &$0)
        $0.appendVarint(segment.size)
        $0.appendFixed(segment.checksum)
      }
    }
    append(.end) { $0.appendVarint(records) }
    return bytes
  }

  /// Reads a catalog, all of it or none.
  ///
  /// - Throws: ``StorageError/corrupt(path:offset:reason:)`` for the first thing that is wrong,
  ///   ``StorageError/unsupportedVersion(path:found:supported:)``.
  init(_ bytes: UnsafeRawBufferPointer, path: FilePath) throws {
    let contents = try RecordLog.read(bytes, path: path, magic: Self.magic)
    if let problem = contents.problems.first { throw problem }
    var parts = Parts()
    for (number, record) in contents.records.enumerated() {
      do {
        try parts.read(record.payload, number: number)
      } catch {
        throw StorageError.corrupt(path: path.string, offset: record.offset, reason: "\(error)")
      }
    }
    guard parts.isEnded, contents.validSize == bytes.count else {
      throw StorageError.corrupt(
        path: path.string, offset: contents.validSize, reason: "ends early")
    }
    let named = parts.state.segments
    guard named.map(\.name) == parts.segments.map(\.name),
      named.map(\.size) == parts.segments.map(\.size)
    else {
      throw StorageError.corrupt(
        path: path.string, offset: 0, reason: "manifest and list of segments differ")
    }
    self.init(
      database: parts.database, time: parts.time, state: parts.state, series: parts.series,
      files: parts.files, segments: parts.segments)
  }

  init(
    database: String, time: Timestamp, state: ManifestState, series: [[UInt8]],
    files: [StoredFile], segments: [BackupSegment]
  ) {
    self.database = database
    self.time = time
    self.state = state
    self.series = series
    self.files = files
    self.segments = segments
  }

  /// What was read so far.
  private struct Parts {
    var database = ""
    var time: Timestamp = 0
    var state = ManifestState()
    var series: [[UInt8]] = []
    var files: [StoredFile] = []
    var segments: [BackupSegment] = []
    var isEnded = false
    private var loader: SeriesLog.Loader?

    mutating func read(_ bytes: UnsafeRawBufferPointer, number: Int) throws {
      var reader = ByteReader(bytes)
      guard let tag = Tag(rawValue: try reader.readByte()), !isEnded,
        (tag == .head) == (number == 0)
      else { throw reader.malformed("not the record that belongs here") }
      switch tag {
      case .head:
        time = try reader.readSignedVarint()
        database = try reader.readText(atMost: 1 << 16)
      case .manifest:
        let edits = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        for edit in try ManifestEdit.decode(edits) { state.apply(edit) }
        return
      case .series:
        let payload = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        // Into an index for the sake of its checks.
        if loader == nil {
          loader = SeriesLog.Loader(index: SeriesIndex(), dropped: state.droppedSeries)
        }
        try loader?.load(payload)
        series.append(Array(payload))
        return
      case .file:
        let kind = try reader.readText(atMost: EscapedName.byteLimit)
        let name = try reader.readText(atMost: EscapedName.byteLimit)
        files.append(
          StoredFile(kind: kind, name: name, bytes: Array(try reader.readBytes(reader.remaining))))
      case .segments:
        for _ in 0..<(try reader.readCount(atMost: reader.remaining)) {
          segments.append(
            BackupSegment(
              name: try ManifestEdit.readName(&reader), size: try reader.readOrdinal(),
              checksum: try reader.readFixed(UInt32.self)))
        }
      case .end:
        guard try reader.readCount(atMost: number) == number else {
          throw reader.malformed("records are missing")
        }
        isEnded = true
      }
      guard reader.remaining == 0 else { throw reader.malformed("bytes behind the record") }
    }
  }
}

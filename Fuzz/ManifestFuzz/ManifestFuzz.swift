import FuzzSupport

@testable import Storage

/// The record logs, manifest and series log, through what opens them.
///
///     input := mode u8, bytes
///     records := (count u8, payload [count])*
///
/// Bit 0 of the mode: the series log instead of the manifest. Bit 1: `bytes` are records, which get
/// frames with checksums that fit; else a whole file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzManifest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  let mode = input.byte()
  let isSeries = mode & 1 != 0
  var file: [UInt8] = []
  if mode & 2 != 0 {
    file = RecordLog.header(magic: isSeries ? SeriesLog.magic : Manifest.magic)
    while !input.isEmpty {
      let count = Int(input.byte())
      file += RecordLog.frame(input.bytes(count))
    }
  } else {
    file = input.rest()
  }
  do {
    try isSeries ? openSeriesLog(file) : openManifest(file)
  } catch is StorageError {
    return 0
  } catch {
    fatalError("an untyped error: \(error)")
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeManifest(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write { manifestSeeds() }
  return 0
}

private let layout = DatabaseLayout(root: "fuzz")

private func openManifest(_ file: [UInt8]) throws {
  var problems: [StorageError] = []
  let manifest = try Manifest(
    opening: layout, on: FuzzFileSystem(file), problems: &problems)
  // What it says is written whole when the file is rewritten, and must then say the same.
  let snapshot = manifest.state.snapshot
  let written = ManifestEdit.encode(snapshot)
  guard let edits = try? written.withUnsafeBytes({ try ManifestEdit.decode($0) }) else {
    fatalError("a snapshot that cannot be read: \(snapshot)")
  }
  var again = ManifestState()
  for edit in edits { again.apply(edit) }
  require(again.snapshot == snapshot, "another state: \(again.snapshot), not \(snapshot)")
}

private func openSeriesLog(_ file: [UInt8]) throws {
  var problems: [StorageError] = []
  let index = SeriesIndex()
  _ = try SeriesLog(
    opening: layout, on: FuzzFileSystem(file), into: index, dropped: [3], problems: &problems)
  let again = SeriesIndex()
  var log = RecordLog.header(magic: SeriesLog.magic)
  for record in SeriesLog.snapshot(of: index) { log += RecordLog.frame(record) }
  problems = []
  _ = try SeriesLog(
    opening: layout, on: FuzzFileSystem(log), into: again, dropped: [], problems: &problems)
  require(problems == [], "a series log that cannot be read: \(problems)")
  require(again.liveIDs.elementsEqual(index.liveIDs), "other series")
  require(fields(of: again) == fields(of: index), "other fields")
}

private func fields(of index: SeriesIndex) -> Set<SeriesLog.NewField> {
  Set(
    index.measurements.flatMap { name, measurement in
      measurement.fields.map {
        SeriesLog.NewField(measurement: name, name: $0.name, type: $0.type)
      }
    })
}

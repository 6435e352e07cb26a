import Encoding
import FuzzSupport
import TimeSeries

@testable import Storage

/// Segments: nothing may crash, read out of bounds or allocate beyond what the row count allows.
///
///     input := mode u8, bytes
///
/// The mode says what `bytes` are: a whole file; a directory; a key section; or the number of a
/// valid segment and edits of its parts (see ``EditedSegment``), whose checksums are right again, so
/// that the edits reach the decoders.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSegments(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  switch input.byte() & 3 {
  case 0: readEverything(input.rest())
  case 1: readDirectory(input.rest())
  case 2:
    input.rest().withUnsafeBytes { bytes in
      try? SegmentKeys.forEach(in: bytes, count: 1000) { _, _ in true }
    }
  default:
    let number = Int(input.byte()) % validSegments.count
    var segment = validSegments[number]
    let isUnchanged = input.isEmpty
    segment.edit(&input)
    let problems = readEverything(segment.file())
    require(!isUnchanged || problems == [], "a valid segment is refused: \(problems ?? [])")
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeSegments(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write {
    validSegments.enumerated().flatMap { number, segment in
      [
        [0] + segment.file(), [1] + segment.directory().encoded, [2] + segment.keys,
        [3, UInt8(number)], [3, UInt8(number), 0, 1, 3, 0, 1],
      ]
    }
  }
  return 0
}

/// Opens `bytes` as a segment and reads all there is in it; nil where they are refused.
@discardableResult
private func readEverything(_ bytes: [UInt8]) -> [StorageError]? {
  guard let reader = try? SegmentReader(path: "fuzz.seg", map: MappedFile(copying: bytes)) else {
    return nil
  }
  for id in reader.seriesIDs {
    _ = try? reader.key(of: id)
    for block in reader.blocks(of: id) {
      if let timestamps = try? reader.timestamps(of: block) {
        require(timestamps.count == block.rowCount)
      }
      for field in reader.fieldNames(in: block) {
        _ = reader.statistics(of: field, in: block)
        if let column = try? reader.column(field, of: block) {
          require(column.count == block.rowCount)
        }
      }
    }
  }
  return reader.verify()
}

/// Reads `bytes` as the directory of a segment with 64 KiB of chunks.
private func readDirectory(_ bytes: [UInt8]) {
  guard let directory = try? SegmentDirectory(bytes, chunksEnd: 1 << 16) else { return }
  for index in directory.blocks.indices {
    for column in directory.columns(ofBlock: index) {
      _ = try? directory.entry(column, ofBlock: index)
    }
  }
}

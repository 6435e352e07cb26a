import Foundation
import Testing

@testable import Storage

/// The table of files at the top of FORMAT.md against the code.
@Suite struct FormatTableTests {
  struct Row: Hashable {
    var magic: String
    var version: String
    var source: String
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Rows of five cells whose second is a magic.
  private static func table() throws -> [Row] {
    try String(contentsOf: root.appending(path: "FORMAT.md"), encoding: .utf8)
      .split(separator: "\n").compactMap { line in
        let cells = line.split(separator: "|").map {
          $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
        }
        guard cells.count == 5, cells[1].hasPrefix("VIGIL") else { return nil }
        return Row(magic: cells[1], version: cells[2], source: cells[3])
      }
  }

  @Test func theTableSaysWhatTheStoreWrites() throws {
    func row(_ magic: some Sequence<UInt8>, _ version: UInt32, _ source: String) -> Row {
      Row(
        magic: String(decoding: Array(magic), as: UTF8.self), version: "\(version)",
        source: "Sources/Storage/\(source).swift")
    }
    let code: Set = [
      row(WALFormat.magic, WALFormat.version, "WAL/WALFormat"),
      row(Manifest.magic.utf8, RecordLog.version, "Manifest/Manifest"),
      row(SeriesLog.magic.utf8, RecordLog.version, "SeriesIndex/SeriesLog"),
      row(SegmentFormat.headerMagic, SegmentFormat.version, "Segment/SegmentFormat"),
      row(StoredFiles.magic, StoredFiles.version, "Database/StoredFiles"),
      row(BackupCatalog.magic.utf8, RecordLog.version, "Backup/BackupCatalog"),
    ]
    let table = try Self.table().filter { $0.source.hasPrefix("Sources/Storage/") }
    #expect(table.count == code.count)
    #expect(Set(table) == code)
  }

  /// A file of a new kind begins with a magic; whoever adds one adds it to the table.
  @Test func everyMagicInTheCodeIsInTheTableWithItsPlace() throws {
    let sources = Self.root.appending(path: "Sources")
    let files = try #require(
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var found: Set<[String]> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let code = try String(contentsOf: file, encoding: .utf8)
      for match in code.matches(of: /= (?:Array\()?"(VIGIL[A-Z]{3})"/) {
        let place = file.path.replacing(Self.root.path + "/", with: "")
        found.insert([String(match.1), place])
      }
    }
    #expect(found == Set(try Self.table().map { [$0.magic, $0.source] }))
  }
}

import Foundation
import SystemPackage
import Testing

@testable import Storage

@Suite struct DiskFileSystemTests {
  /// Small files are copied and others mapped; neither shows in what is read.
  @Test(arguments: [0, 1, 4095, 4096, 4097, 100_000])
  func aFileStaysReadableAfterItIsRemoved(size: Int) throws {
    let files = DiskFileSystem()
    let directory = FilePath(
      FileManager.default.temporaryDirectory.appending(path: "vigil-\(UUID().uuidString)").path)
    try files.createDirectory(directory)
    defer { try? files.removeTree(directory) }
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = directory.appending("file")
    let file = try files.create(path)
    try bytes.withUnsafeBytes { try file.append($0) }
    try file.close()
    let map = try files.map(path)
    try files.remove(path)
    #expect(map.withBytes { Array($0) } == bytes)
    #expect(throws: StorageError.self) { try files.map(path) }
  }

  @Test func aDirectoryIsNoFile() throws {
    let files = DiskFileSystem()
    #expect(throws: StorageError.self) {
      try files.map(FilePath(FileManager.default.temporaryDirectory.path))
    }
  }
}

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

  @Test func whatIsCreatedIsItsUsersAlone() throws {
    let files = DiskFileSystem()
    let parent = FilePath(
      FileManager.default.temporaryDirectory.appending(path: "vigil-\(UUID().uuidString)").path)
    try FileManager.default.createDirectory(
      atPath: parent.string, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o755])
    defer { try? files.removeTree(parent) }
    func mode(_ path: FilePath) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int
    }
    let directory = parent.appending("a/b")
    try files.createDirectory(directory)
    try files.create(directory.appending("file")).close()
    _ = try files.lock(directory.appending("LOCK"))
    #expect(try mode(parent.appending("a")) == 0o700)
    #expect(try mode(directory) == 0o700)
    #expect(try mode(directory.appending("file")) == 0o600)
    #expect(try mode(directory.appending("LOCK")) == 0o600)
    // An operator may have let others in on purpose.
    try files.createDirectory(parent)
    #expect(try mode(parent) == 0o755)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: directory.appending("file").string)
    try files.openForAppending(directory.appending("file"), at: 0).close()
    #expect(try mode(directory.appending("file")) == 0o640)
  }

  @Test func aDirectoryIsNoFile() throws {
    let files = DiskFileSystem()
    #expect(throws: StorageError.self) {
      try files.map(FilePath(FileManager.default.temporaryDirectory.path))
    }
  }
}

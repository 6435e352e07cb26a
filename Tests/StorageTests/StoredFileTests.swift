import Foundation
import SystemPackage
import Testing

@testable import Storage

@Suite struct StoredFileTests {
  @Test(arguments: [0, 1, 4096, StoredFile.pieceSize, 3 * StoredFile.pieceSize + 7])
  func aFileIsHandedOutInPieces(size: Int) throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-stored-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let engine = try StorageEngine(directory: FilePath(directory.path), options: StorageOptions())
    try engine.createDatabase("db")
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    try engine.storeFile(kind: "models", name: "m", bytes: bytes, in: "db")
    let file = try #require(try engine.openFile(kind: "models", name: "m", in: "db"))
    #expect(file.count == size)
    // It stays readable when another one takes its place.
    try engine.storeFile(kind: "models", name: "m", bytes: [1], in: "db")
    for _ in 0..<2 {
      var read: [UInt8] = []
      file.send { piece in
        #expect((1...StoredFile.pieceSize).contains(piece.count))
        read += piece
      }
      #expect(read == bytes)
    }
    #expect(try engine.loadFile(kind: "models", name: "m", in: "db") == [1])
    let none = try engine.openFile(kind: "models", name: "n", in: "db")
    #expect(none?.count == nil)
    try engine.close()
  }
}

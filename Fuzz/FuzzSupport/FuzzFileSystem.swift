import Storage
import SystemPackage

/// A file system that holds the fuzzer's bytes under every path: what opens a file gets them; what
/// is written goes nowhere.
public struct FuzzFileSystem: FileSystem {
  let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public func createDirectory(_ path: FilePath) {}
  public func list(_ directory: FilePath) -> [String] { [] }
  public func exists(_ path: FilePath) -> Bool { true }
  public func size(_ path: FilePath) -> Int { bytes.count }
  public func create(_ path: FilePath) -> any AppendableFile { Sink(size: 0) }
  public func openForAppending(_ path: FilePath, at offset: Int) -> any AppendableFile {
    require(offset <= bytes.count, "a file is to go on past its end")
    return Sink(size: offset)
  }
  public func map(_ path: FilePath) -> MappedFile { MappedFile(copying: bytes) }
  public func rename(_ source: FilePath, to destination: FilePath) {}
  public func remove(_ path: FilePath) {}
  public func removeTree(_ path: FilePath) {}
  public func syncDirectory(_ path: FilePath) {}
  public func lock(_ path: FilePath) -> any FileLock { Lock() }
  public func sharedLock(_ path: FilePath) -> (any FileLock)? { Lock() }

  public func isWritable(_ directory: FilePath) -> Bool { true }

  private final class Lock: FileLock {
    var isInPlace: Bool { true }
  }

  private final class Sink: AppendableFile {
    let size: Int
    init(size: Int) { self.size = size }
    func append(_ bytes: UnsafeRawBufferPointer) {}
    func sync() {}
    func close() {}
  }
}

extension MappedFile {
  /// A copy of exactly `bytes` on the heap, so that the sanitizer sees a read past their end.
  public convenience init(copying bytes: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    memory.copyBytes(from: bytes)
    nonisolated(unsafe) let owned = memory
    self.init(UnsafeRawBufferPointer(memory)) { owned.deallocate() }
  }
}

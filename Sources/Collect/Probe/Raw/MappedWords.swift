import CLinux
import Foundation

/// Words of 8 bytes in memory that this process shares with the kernel.
final class MappedWords {
  let count: Int
  private let words: UnsafeMutablePointer<UInt64>
  private var bytes: Int { count * MemoryLayout<UInt64>.size }

  /// - Parameter descriptor: of something that mmap(2) can map `count` words of.
  init(descriptor: Int32, count: Int) throws(BPFError) {
    self.count = count
    let address = mmap(
      nil, count * MemoryLayout<UInt64>.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw BPFError("map the counters into memory", errno)
    }
    words = address.bindMemory(to: UInt64.self, capacity: count)
  }

  deinit { munmap(words, bytes) }

  subscript(index: Int) -> UInt64 {
    get {
      precondition(index >= 0 && index < count)
      return vigil_load_shared(words + index)
    }
    set {
      precondition(index >= 0 && index < count)
      vigil_store_shared(words + index, newValue)
    }
  }
}

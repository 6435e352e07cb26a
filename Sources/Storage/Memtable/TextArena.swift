/// Strings of a memtable, kept until the memtable goes. Each is known by its address, which fits a
/// cell: four bytes of length, then the bytes.
///
/// Unsafe by nature: an address is good as long as its arena lives, and nothing checks it. Appending
/// is the writer's alone; reading an address that was handed over under a lock needs no lock.
final class TextArena: @unchecked Sendable {
  private var blocks: [UnsafeMutableRawPointer] = []
  private var next: UnsafeMutableRawPointer?
  private var room = 0
  private(set) var byteCount = 0

  deinit { for block in blocks { block.deallocate() } }

  func store(_ text: UnsafeRawBufferPointer) -> UInt64 {
    let size = 4 + text.count
    if size > room { addBlock(atLeast: size) }
    guard let place = next else { preconditionFailure("a block was just added") }
    place.storeBytes(of: UInt32(text.count), as: UInt32.self)
    if let source = text.baseAddress { (place + 4).copyMemory(from: source, byteCount: text.count) }
    next = place + size
    room -= size
    return UInt64(UInt(bitPattern: place))
  }

  private func addBlock(atLeast size: Int) {
    let blockSize = max(size, min(1 << 20, max(4096, byteCount)))
    let block = UnsafeMutableRawPointer.allocate(byteCount: blockSize, alignment: 8)
    blocks.append(block)
    next = block
    room = blockSize
    byteCount += blockSize
  }

  static func string(at address: UInt64) -> String {
    guard let place = UnsafeRawPointer(bitPattern: UInt(address)) else { return "" }
    let count = Int(place.loadUnaligned(as: UInt32.self))
    return String(decoding: UnsafeRawBufferPointer(start: place + 4, count: count), as: UTF8.self)
  }
}

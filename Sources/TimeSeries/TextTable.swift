/// An open-addressing hash table from the hash of some bytes to an index the owner keeps.
///
/// It stores no bytes and no strings: the owner compares candidates itself. That keeps interning
/// free of an allocation per look-up.
public struct TextTable: Sendable {
  @usableFromInline struct Slot: Sendable {
    @usableFromInline var hash: UInt64
    /// Index + 1; 0 is a free slot.
    @usableFromInline var entry: UInt32
    @usableFromInline init(hash: UInt64, entry: UInt32) {
      self.hash = hash
      self.entry = entry
    }
  }

  @usableFromInline var slots: [Slot] = []
  public private(set) var count = 0

  public init() {}

  /// FNV-1a over the bytes, folded once more so that the low bits depend on all of them.
  @inlinable
  public static func hash(_ bytes: some Collection<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ (hash >> 29)
  }

  /// The index stored under `hash` that `isMatch` accepts.
  @inlinable
  public func find(_ hash: UInt64, where isMatch: (UInt32) -> Bool) -> UInt32? {
    guard !slots.isEmpty else { return nil }
    let mask = slots.count - 1
    var position = Int(truncatingIfNeeded: hash) & mask
    while slots[position].entry != 0 {
      let slot = slots[position]
      if slot.hash == hash, isMatch(slot.entry - 1) { return slot.entry - 1 }
      position = (position + 1) & mask
    }
    return nil
  }

  /// Adds an index that ``find(_:where:)`` did not find.
  public mutating func insert(_ hash: UInt64, _ index: UInt32) {
    if (count + 1) * 2 > slots.count { grow() }
    place(Slot(hash: hash, entry: index + 1))
    count += 1
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(hash: 0, entry: 0), count: max(16, old.count * 2))
    for slot in old where slot.entry != 0 { place(slot) }
  }

  private mutating func place(_ slot: Slot) {
    let mask = slots.count - 1
    var position = Int(truncatingIfNeeded: slot.hash) & mask
    while slots[position].entry != 0 { position = (position + 1) & mask }
    slots[position] = slot
  }
}

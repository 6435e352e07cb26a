/// An open-addressing hash table from the hash of some bytes to an index the owner keeps.
///
/// It stores no bytes and no strings: the owner compares candidates itself. That keeps interning
/// free of an allocation per look-up.
public struct TextTable: Sendable {
  /// The low half of the hash, then index + 1; 0 is a free slot. So a table of a million entries takes
  /// 16 MiB, and half a hash still tells all but one in thousands of the entries apart.
  @usableFromInline var slots: [UInt64] = []
  public private(set) var count = 0

  public init() {}

  /// A hash of the bytes, different in every process: who writes cannot choose colliding names.
  ///
  /// Sixteen bytes a step are mixed by the two halves of a 64 by 64 bit product of data and secret
  /// (the folded multiply of wyhash and its kin). The length takes part, so that padding the last
  /// step with zeros makes no two texts alike.
  @inlinable
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let secret = HashSecret.process
    var state = secret.a
    var offset = 0
    let count = bytes.count
    while count - offset >= 16 {
      let first = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let second = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      state = fold(first ^ secret.b, second ^ state)
      offset += 16
    }
    var first: UInt64 = 0
    var second: UInt64 = 0
    if count - offset >= 8 {
      first = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    var shift: UInt64 = 0
    while offset < count {
      second |= UInt64(bytes[offset]) << shift
      shift += 8
      offset += 1
    }
    state = fold(first ^ secret.b, second ^ state)
    return fold(state ^ secret.c, UInt64(truncatingIfNeeded: count) ^ secret.b)
  }

  /// The same hash of any collection of bytes; contiguous ones are not copied.
  public static func hash(_ bytes: some Collection<UInt8>) -> UInt64 {
    if let hash = bytes.withContiguousStorageIfAvailable({ hash(UnsafeRawBufferPointer($0)) }) {
      return hash
    }
    return Array(bytes).withUnsafeBytes { hash($0) }
  }

  @inlinable
  static func fold(_ x: UInt64, _ y: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: y)
    return product.high ^ product.low
  }

  /// The index stored under `hash` that `isMatch` accepts.
  @inlinable
  public func find(_ hash: UInt64, where isMatch: (UInt32) -> Bool) -> UInt32? {
    guard !slots.isEmpty else { return nil }
    let mask = slots.count - 1
    let half = UInt32(truncatingIfNeeded: hash)
    var position = Int(half) & mask
    while true {
      let slot = slots[position]
      let entry = UInt32(truncatingIfNeeded: slot)
      if entry == 0 { return nil }
      if UInt32(truncatingIfNeeded: slot >> 32) == half, isMatch(entry - 1) { return entry - 1 }
      position = (position + 1) & mask
    }
  }

  /// Adds an index, below 2³² − 1, that ``find(_:where:)`` did not find.
  public mutating func insert(_ hash: UInt64, _ index: UInt32) {
    if (count + 1) * 4 > slots.count * 3 { grow() }
    place(hash << 32 | UInt64(index + 1))
    count += 1
  }

  /// Forgets all entries and keeps the memory.
  public mutating func removeAll() {
    for position in slots.indices { slots[position] = 0 }
    count = 0
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: 0, count: max(16, old.count * 2))
    for slot in old where slot != 0 { place(slot) }
  }

  private mutating func place(_ slot: UInt64) {
    let mask = slots.count - 1
    var position = Int(truncatingIfNeeded: slot >> 32) & mask
    while slots[position] != 0 { position = (position + 1) & mask }
    slots[position] = slot
  }
}

/// What this process mixes into its hashes.
@usableFromInline
struct HashSecret: Sendable {
  @usableFromInline let a: UInt64
  @usableFromInline let b: UInt64
  @usableFromInline let c: UInt64

  @usableFromInline static let process = HashSecret()

  private init() {
    a = .random(in: .min ... .max)
    b = .random(in: .min ... .max)
    c = .random(in: .min ... .max)
  }
}

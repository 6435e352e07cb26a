import CLinux
import Foundation

/// The maps in which programs of ours count by cgroup, and the one that counts system calls.
final class RawCounters {
  typealias Counts = [UInt64: [UInt64]]
  private typealias Word = CounterSlots.Word

  let slots: CounterSlots
  private let processors: PossibleProcessors
  private let array: Descriptor
  private let hash: Descriptor
  private let words: MappedWords
  private let cache: TaskCgroupCache
  private let systemCalls: BPFProgram
  private let attachment: Descriptor

  /// Loads and attaches the program.
  ///
  /// - Parameters:
  ///   - slotBits: slots of a processor: 2 to the power of this, 40 bytes each.
  ///   - hashEntries: cgroups that can be counted beside those with a slot.
  init(slotBits: Int, hashEntries: UInt32) throws(BPFError) {
    guard let processors = PossibleProcessors.current() else {
      throw BPFError("tell the number of processors", ENOENT)
    }
    self.processors = processors
    vigil_bpf_unlimit_locked_memory()
    let valueBytes = UInt32(Word.count * MemoryLayout<UInt64>.size)
    let entries = CounterSlots.arrayEntries(
      slotBits: slotBits, processors: processors.highest + 1)
    array = try BPFError.check(
      "make an array of counters", vigil_bpf_create_mapped_array(valueBytes, UInt32(entries)))
    hash = try BPFError.check(
      "make a hash of counters", vigil_bpf_create_percpu_hash(valueBytes, hashEntries))
    words = try MappedWords(descriptor: array.number, count: entries * Word.count)
    slots = CounterSlots(
      slotBits: slotBits, processors: processors.highest + 1, array: array.number,
      hash: hash.number)
    cache = try TaskCgroupCache(processors: processors.highest + 1)
    systemCalls = try BPFProgram(
      SystemCallProgram(slots: slots, cache: cache).instructions(),
      for: VIGIL_BPF_RAW_TRACEPOINT)
    attachment = try BPFError.check(
      "attach to the raw tracepoint \(SystemCallProgram.tracepoint)",
      vigil_bpf_open_raw_tracepoint(SystemCallProgram.tracepoint, systemCalls.descriptor.number))
  }

  /// By cgroup id the words of ``CounterSlots/Word``, all processors together.
  func counts() -> Counts {
    var result: Counts = [:]
    for entry in 0..<(slots.processors * slots.slots) {
      let first = entry * Word.count
      let owner = words[first]
      if owner != 0 { add({ self.words[first + $0] }, to: &result[owner]) }
    }
    for id in hashKeys() {
      guard let values = hashValues(of: id) else { continue }
      for processor in 0..<processors.count {
        let first = processor * Word.count
        add({ values[first + $0] }, to: &result[id])
      }
    }
    return result
  }

  /// Events that were not counted: no room for their cgroup, or the program was running on the
  /// processor already.
  func lost() -> UInt64 {
    (0..<slots.processors).reduce(systemCalls.missedRuns) {
      $0 &+ words[slots.lostEntry(of: $1) * Word.count]
    }
  }

  /// Gives the room of a cgroup to others. Only for one that is gone: nothing may count in it now.
  func forget(_ id: UInt64) {
    for processor in 0..<slots.processors {
      let first = slots.slot(of: id, processor: processor) * Word.count
      guard words[first] == id else { continue }
      for word in stride(from: Word.count - 1, through: 0, by: -1) { words[first + word] = 0 }
    }
    _ = vigil_bpf_delete(hash.number, id)
  }

  private func add(_ word: (Int) -> UInt64, to counts: inout [UInt64]?) {
    var sums = counts ?? [UInt64](repeating: 0, count: Word.count)
    for index in 1..<Word.count { sums[index] &+= word(index) }
    counts = sums
  }

  private func hashKeys() -> [UInt64] {
    var keys: [UInt64] = []
    var key: UInt64 = 0
    var result = vigil_bpf_next_key(hash.number, nil, &key)
    while result == 0 {
      keys.append(key)
      let last = key
      result = withUnsafePointer(to: last) { vigil_bpf_next_key(hash.number, $0, &key) }
    }
    return keys
  }

  private func hashValues(of id: UInt64) -> [UInt64]? {
    // The kernel writes a value for each possible processor.
    var values = [UInt64](repeating: 0, count: processors.count * Word.count)
    return vigil_bpf_lookup(hash.number, id, &values) == 0 ? values : nil
  }
}

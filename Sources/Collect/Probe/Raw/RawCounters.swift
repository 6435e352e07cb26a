import CLinux
import Foundation

/// The programs of ``RawProgram`` in the kernel, and what they have counted.
final class RawCounters {
  typealias Counts = [UInt64: [UInt64]]

  private let program: RawProgram
  private let processors: PossibleProcessors
  private let array: Int32
  private let hash: Int32
  private let loaded: [Int32]
  /// All of them, in the order they were opened.
  private let descriptors: [Int32]
  /// System calls, and page faults where the kernel has their tracepoint.
  let events: [RawProgram.Event]
  private let words: MappedWords

  /// Loads and attaches the programs.
  ///
  /// - Parameters:
  ///   - slotBits: slots of a processor: 2 to the power of this, 40 bytes each.
  ///   - hashEntries: cgroups that can be counted beside those with a slot.
  init(slotBits: Int, hashEntries: UInt32) throws(BPFError) {
    guard let processors = PossibleProcessors.current() else {
      throw BPFError("tell the number of processors", ENOENT)
    }
    vigil_bpf_unlimit_locked_memory()
    let program = RawProgram(slotBits: slotBits, processors: processors.highest + 1)
    let valueBytes = UInt32(RawProgram.Word.count * MemoryLayout<UInt64>.size)
    var descriptors: [Int32] = []
    do throws(BPFError) {
      let array = try BPFError.check(
        "make an array of counters",
        vigil_bpf_create_mapped_array(valueBytes, UInt32(program.arrayEntries)))
      descriptors.append(array)
      let hash = try BPFError.check(
        "make a hash of counters", vigil_bpf_create_percpu_hash(valueBytes, hashEntries))
      descriptors.append(hash)
      let words = try MappedWords(
        descriptor: array, count: program.arrayEntries * RawProgram.Word.count)
      var events: [RawProgram.Event] = []
      var loaded: [Int32] = []
      for event in RawProgram.Event.allCases {
        do throws(BPFError) {
          let one = try BPFLoading.load(
            program.instructions(counting: event, array: array, hash: hash))
          descriptors.append(one)
          descriptors.append(
            try BPFError.check(
              "attach to the raw tracepoint \(event.rawValue)",
              vigil_bpf_open_raw_tracepoint(event.rawValue, one)))
          loaded.append(one)
          events.append(event)
        } catch  where event == .pageFault {
          // Not every kind of processor has it.
          continue
        }
      }
      (self.array, self.hash, self.words) = (array, hash, words)
      (self.events, self.loaded, self.descriptors) = (events, loaded, descriptors)
    } catch {
      for descriptor in descriptors { close(descriptor) }
      throw error
    }
    self.program = program
    self.processors = processors
  }

  deinit { for descriptor in descriptors.reversed() { close(descriptor) } }

  /// By cgroup id the words of ``RawProgram/Word``, all processors together.
  func counts() -> Counts {
    var result: Counts = [:]
    for entry in 0..<(program.processors * program.slots) {
      let first = entry * RawProgram.Word.count
      let owner = words[first]
      if owner != 0 { add({ self.words[first + $0] }, to: &result[owner]) }
    }
    for id in hashKeys() {
      guard let values = hashValues(of: id) else { continue }
      for processor in 0..<processors.count {
        let first = processor * RawProgram.Word.count
        add({ values[first + $0] }, to: &result[id])
      }
    }
    return result
  }

  /// Events that were not counted: no room for their cgroup, or the program was running on the
  /// processor already.
  func lost() -> UInt64 {
    let missed = loaded.reduce(into: UInt64(0)) { sum, one in
      var missed: UInt64 = 0
      if vigil_bpf_missed_runs(one, &missed) == 0 { sum &+= missed }
    }
    return (0..<program.processors).reduce(missed) {
      $0 &+ words[program.lostEntry(of: $1) * RawProgram.Word.count]
    }
  }

  /// Gives the room of a cgroup to others. Only for one that is gone: nothing may count in it now.
  func forget(_ id: UInt64) {
    for processor in 0..<program.processors {
      let slot = processor << program.slotBits + Int(id & UInt64(program.slots - 1))
      let first = slot * RawProgram.Word.count
      guard words[first] == id else { continue }
      for word in stride(from: RawProgram.Word.count - 1, through: 0, by: -1) {
        words[first + word] = 0
      }
    }
    _ = vigil_bpf_delete(hash, id)
  }

  private func add(_ word: (Int) -> UInt64, to counts: inout [UInt64]?) {
    var sums = counts ?? [UInt64](repeating: 0, count: RawProgram.Word.count)
    for index in 1..<RawProgram.Word.count { sums[index] &+= word(index) }
    counts = sums
  }

  private func hashKeys() -> [UInt64] {
    var keys: [UInt64] = []
    var key: UInt64 = 0
    var result = vigil_bpf_next_key(hash, nil, &key)
    while result == 0 {
      keys.append(key)
      let last = key
      result = withUnsafePointer(to: last) { vigil_bpf_next_key(hash, $0, &key) }
    }
    return keys
  }

  private func hashValues(of id: UInt64) -> [UInt64]? {
    // The kernel writes a value for each possible processor.
    var values = [UInt64](
      repeating: 0, count: processors.count * RawProgram.Word.count)
    return vigil_bpf_lookup(hash, id, &values) == 0 ? values : nil
  }
}

/// A program that counts events of a hot tracepoint by cgroup, attached to it as a raw one.
///
/// It runs at every system call or page fault of the machine, so every nanosecond counts. A cgroup's counts of a
/// processor are in one slot of an array, found by the lower bits of the cgroup's id, which the
/// kernel gives out in sequence; the slot belongs to the first cgroup that comes, whose id stands in
/// it. Another cgroup that would have the same slot counts in a hash, which costs more. Where the
/// hash is full too, the event is counted as lost.
struct RawProgram {
  /// Counts of one cgroup on one processor: words of 8 bytes.
  enum Word {
    /// The id; 0 in a slot that is free.
    static let owner = 0
    static let systemCalls = 1
    static let mmapCalls = 2
    static let fileAccess = 3
    static let pageFaults = 4
    static let count = 5
  }

  /// What is counted; the raw values are the tracepoints' names.
  enum Event: String, CaseIterable {
    case systemCall = "sys_enter"
    case pageFault = "page_fault_user"

    var parameters: [(word: Int, parameter: Parameter)] {
      switch self {
      case .systemCall:
        [
          (Word.systemCalls, .systemCalls), (Word.mmapCalls, .mmapCalls),
          (Word.fileAccess, .fileAccess),
        ]
      case .pageFault: [(Word.pageFaults, .pageFaults)]
      }
    }
  }

  /// Slots of a processor: 2 to the power of this.
  var slotBits: Int
  var processors: Int

  var slots: Int { 1 << slotBits }
  /// The slots, and a value for each processor whose first word counts what was lost.
  var arrayEntries: Int { processors << slotBits + processors }
  func lostEntry(of processor: Int) -> Int { processors << slotBits + processor }

  /// - Parameters:
  ///   - array: a descriptor, as is `hash`.
  func instructions(counting event: Event, array: Int32, hash: Int32) -> [UInt64] {
    var code = BPFAssembler()
    if event == .systemCall {
      // The context is the tracepoint's arguments: registers, number of the system call.
      code.load(.r6, .r1, 8)
    }
    code.call(.currentCgroup)
    code.move(.r7, .r0)
    code.call(.currentProcessor)
    code.move(.r8, .r0)

    code.move(.r1, .r8)
    code.shiftLeft(.r1, Int32(slotBits))
    code.move(.r2, .r7)
    code.and(.r2, Int32(slots - 1))
    code.or(.r1, .r2)
    code.store32(.frame, -4, .r1)
    lookUp(array, keyAt: -4, in: &code)
    code.jump(to: "end", if: .r0, .equal, 0)
    code.load(.r1, .r0, Self.offset(Word.owner))
    code.jump(to: "count", if: .r1, .equal, .r7)
    code.jump(to: "taken", if: .r1, .notEqual, 0)
    code.store(.r0, Self.offset(Word.owner), .r7)

    code.label("count")
    switch event {
    case .systemCall: countSystemCall(in: &code)
    case .pageFault: increment(Word.pageFaults, in: &code)
    }
    code.jump(to: "end")

    code.label("taken")
    code.store(.frame, -16, .r7)
    lookUp(hash, keyAt: -16, in: &code)
    code.jump(to: "count", if: .r0, .notEqual, 0)
    code.store(.frame, -56, .r7)
    code.move(.r1, 0)
    for offset: Int16 in [-48, -40, -32, -24] { code.store(.frame, offset, .r1) }
    code.loadMap(.r1, descriptor: hash)
    code.move(.r2, .frame)
    code.add(.r2, -16)
    code.move(.r3, .frame)
    code.add(.r3, -56)
    // Not where another processor has just put it: that would take that one's counts.
    code.move(.r4, 1)
    code.call(.updateElement)
    lookUp(hash, keyAt: -16, in: &code)
    code.jump(to: "count", if: .r0, .notEqual, 0)
    code.add(.r8, Int32(lostEntry(of: 0)))
    code.store32(.frame, -4, .r8)
    lookUp(array, keyAt: -4, in: &code)
    code.jump(to: "end", if: .r0, .equal, 0)
    increment(0, in: &code)

    code.label("end")
    code.move(.r0, 0)
    code.exit()
    return code.assembled()
  }

  /// The number of the call is in r6.
  private func countSystemCall(in code: inout BPFAssembler) {
    increment(Word.systemCalls, in: &code)
    for number in SystemCallNumbers.opening {
      code.jump(to: "\(Word.fileAccess)", if: .r6, .equal, Int32(number))
    }
    code.jump(to: "end", if: .r6, .notEqual, Int32(SystemCallNumbers.mmap))
    increment(Word.mmapCalls, in: &code)
    code.jump(to: "end")
    code.label("\(Word.fileAccess)")
    increment(Word.fileAccess, in: &code)
  }

  private func lookUp(_ map: Int32, keyAt offset: Int32, in code: inout BPFAssembler) {
    code.loadMap(.r1, descriptor: map)
    code.move(.r2, .frame)
    code.add(.r2, offset)
    code.call(.lookUpElement)
  }

  /// Each processor has its own words, and the kernel does not run a program twice at a time on one
  /// processor, so this need not be atomic.
  private func increment(_ word: Int, in code: inout BPFAssembler) {
    code.load(.r1, .r0, Self.offset(word))
    code.add(.r1, 1)
    code.store(.r0, Self.offset(word), .r1)
  }

  private static func offset(_ word: Int) -> Int16 { Int16(word * 8) }
}

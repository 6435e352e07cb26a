/// Where the kernel keeps what it counts by cgroup, and how a program of ours finds the place.
///
/// A cgroup's counts of a processor are in one slot of an array, found by the lower bits of the
/// cgroup's id, which the kernel gives out in sequence; the slot belongs to the first cgroup that
/// comes, whose id stands in it. Another cgroup that would have the same slot counts in a hash,
/// which costs more. Where the hash is full too, an event is counted as lost.
struct CounterSlots {
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

  /// Slots of a processor: 2 to the power of this.
  var slotBits: Int
  var processors: Int
  /// Descriptors of the maps.
  var array: Int32
  var hash: Int32

  var slots: Int { 1 << slotBits }
  /// The slots, and a value for each processor whose first word counts what was lost.
  static func arrayEntries(slotBits: Int, processors: Int) -> Int {
    processors << slotBits + processors
  }
  func slot(of id: UInt64, processor: Int) -> Int {
    processor << slotBits + Int(id & UInt64(slots - 1))
  }
  func lostEntry(of processor: Int) -> Int { processors << slotBits + processor }

  /// Appends instructions that find the words of a cgroup on this processor, for good the cgroup's
  /// from then on. The cgroup's id is in r7; r1 to r5 and r8 are lost.
  ///
  /// The program is to end right after them.
  ///
  /// - Parameters:
  ///   - counting: instructions that count, with the words' address in r0.
  ///   - isPreemptible: whether another program may come in between on this processor, which may
  ///     then take the slot that this one has seen free. Needs a kernel of 5.12.
  func count(
    in code: inout BPFAssembler, isPreemptible: Bool,
    counting: (inout BPFAssembler) -> Void
  ) {
    code.call(.currentProcessor)
    code.move(.r8, .r0)
    code.move(.r1, .r8)
    code.shiftLeft(.r1, Int32(slotBits))
    code.move(.r2, .r7)
    code.and(.r2, Int32(slots - 1))
    code.or(.r1, .r2)
    code.lookUp(array, at: .r1)
    code.load(.r1, .r0, BPFAssembler.offset(ofWord: Word.owner))
    code.jump(to: "count", if: .r1, .equal, .r7)
    code.jump(to: "taken", if: .r1, .notEqual, 0)
    if isPreemptible {
      code.move(.r1, .r0)
      code.move(.r0, 0)
      code.exchangeIfR0(.r1, BPFAssembler.offset(ofWord: Word.owner), .r7)
      code.move(.r2, .r0)
      code.move(.r0, .r1)
      code.jump(to: "count", if: .r2, .equal, 0)
      code.jump(to: "taken", if: .r2, .notEqual, .r7)
    } else {
      code.store(.r0, BPFAssembler.offset(ofWord: Word.owner), .r7)
    }

    code.label("count")
    counting(&code)
    code.jump(to: "end")

    code.label("taken")
    code.store(.frame, -16, .r7)
    code.lookUp(hash, keyAt: -16)
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
    code.lookUp(hash, keyAt: -16)
    code.jump(to: "count", if: .r0, .notEqual, 0)
    code.add(.r8, Int32(lostEntry(of: 0)))
    code.lookUp(array, at: .r8)
    increment(0, in: &code)
  }

  /// Each processor has its own words, and the kernel does not run a program twice at a time on one
  /// processor, so this need not be atomic where only one program counts in a word.
  func increment(_ word: Int, in code: inout BPFAssembler) {
    code.load(.r1, .r0, BPFAssembler.offset(ofWord: word))
    code.add(.r1, 1)
    code.store(.r0, BPFAssembler.offset(ofWord: word), .r1)
  }
}

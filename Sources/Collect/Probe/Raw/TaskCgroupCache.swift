import CLinux

/// Remembers in the kernel which cgroup a task is in, for programs that run so often that asking
/// the kernel's function (0.03 µs) would be a third of what they cost.
///
/// A task is known by where the registers of its entry into the kernel are: at the end of its
/// stack. An entry of the cache holds that, the cgroup's id, and the generation it was made in. A
/// new generation begins whenever a task exits, whose stack another may get, or is moved to another
/// cgroup; entries of earlier ones count for nothing. Each processor has its own.
final class TaskCgroupCache {
  private enum Word {
    static let registers = 0
    static let generation = 1
    static let cgroup = 2
    static let count = 3
  }

  /// Entries of a processor: 2 to the power of this.
  private static let bits: Int32 = 10

  private let generation: TracepointCounter
  private let entries: Descriptor

  /// - Throws: ``BPFError``: not permitted, or a kernel older than 5.5.
  init(processors: Int) throws(BPFError) {
    generation = try TracepointCounter(["sched_process_exit", "cgroup_attach_task"])
    entries = try BPFError.check(
      "make a cache of tasks",
      vigil_bpf_create_mapped_array(
        UInt32(Word.count * MemoryLayout<UInt64>.size), UInt32(processors << Self.bits)))
  }

  /// Appends instructions that put the current task's cgroup id into r7. The address of its
  /// registers is in r9, which is lost, as are r0 to r5 and r8; where something is wrong they jump
  /// to `end`.
  func findCgroup(in code: inout BPFAssembler) {
    code.move(.r1, 0)
    code.lookUp(generation.map.number, at: .r1)
    // Before the kernel is asked: what it says is of this generation or a later one.
    code.load(.r8, .r0, 0)

    // Stacks lie at addresses whose lower bits are the same.
    code.move(.r7, .r9)
    code.shiftRight(.r7, 12)
    code.multiply(.r7, 0x9e37_79b1)
    code.shiftRight(.r7, 20)
    code.and(.r7, 1 << Self.bits - 1)
    code.call(.currentProcessor)
    code.shiftLeft(.r0, Self.bits)
    code.or(.r0, .r7)
    code.lookUp(entries.number, at: .r0)
    code.load(.r1, .r0, BPFAssembler.offset(ofWord: Word.registers))
    code.jump(to: "unknown", if: .r1, .notEqual, .r9)
    code.load(.r1, .r0, BPFAssembler.offset(ofWord: Word.generation))
    code.jump(to: "unknown", if: .r1, .notEqual, .r8)
    code.load(.r7, .r0, BPFAssembler.offset(ofWord: Word.cgroup))
    code.jump(to: "known")

    code.label("unknown")
    code.store(.r0, BPFAssembler.offset(ofWord: Word.registers), .r9)
    code.store(.r0, BPFAssembler.offset(ofWord: Word.generation), .r8)
    code.move(.r8, .r0)
    code.call(.currentCgroup)
    code.move(.r7, .r0)
    code.store(.r8, BPFAssembler.offset(ofWord: Word.cgroup), .r7)
    code.label("known")
  }
}

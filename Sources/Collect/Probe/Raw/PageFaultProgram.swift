/// Counts page faults by cgroup without running at any: the kernel itself counts the faults of each
/// task (`min_flt` and `maj_flt` of proc(5)), and what a task has more than when it was last looked
/// at is added to its cgroup's count. Every task is looked at before a reading and when it exits,
/// and what it had before it was moved to another cgroup is not counted there.
struct PageFaultProgram {
  typealias Word = CounterSlots.Word

  enum Occasion: String, CaseIterable {
    /// A pass over all tasks, of the kernel's iterator `bpf_iter_task`.
    case pass = "bpf_iter_task"
    case exit = "sched_process_exit"
    case move = "cgroup_attach_task"
  }

  /// Where what is needed stands in the kernel's structures, in bytes.
  struct Offsets: Hashable {
    var minorFaults: Int16
    var majorFaults: Int16
    /// From a task by way of these to the number that is its cgroup's id in the cgroup v2
    /// hierarchy.
    var cgroups: Int16
    var cgroup: Int16
    var node: Int16
    var id: Int16
  }

  var slots: CounterSlots
  /// Descriptor of the map with a word for each task: its faults when it was last looked at.
  var seen: Int32
  var offsets: Offsets

  func instructions(on occasion: Occasion) -> [UInt64] {
    var code = BPFAssembler()
    // The task is the second of the iterator's arguments, of `exit` the first, of `move` the third.
    switch occasion {
    case .pass:
      code.load(.r6, .r1, 8)
      // So it is at the end.
      code.jump(to: "end", if: .r6, .equal, 0)
    case .exit: code.load(.r6, .r1, 0)
    case .move: code.load(.r6, .r1, 16)
    }
    code.load(.r9, .r6, offsets.minorFaults)
    code.load(.r1, .r6, offsets.majorFaults)
    code.add(.r9, .r1)

    code.loadMap(.r1, descriptor: seen)
    code.move(.r2, .r6)
    code.move(.r3, 0)
    // Make it if it is not there.
    code.move(.r4, 1)
    code.call(.taskStorage)
    code.jump(to: "end", if: .r0, .equal, 0)
    // Two may look at a task at the same time. As each adds what came since the other, whichever is
    // first, nothing is added twice.
    code.move(.r1, .r9)
    code.exchange(.r0, 0, .r1)
    // What a task had before it was moved is nobody's.
    if occasion != .move { countNewFaults(in: &code) }
    code.end()
    return code.assembled()
  }

  /// The task is in r6, its faults are in r9, and those that are known already in r1.
  private func countNewFaults(in code: inout BPFAssembler) {
    code.subtract(.r9, .r1)
    code.jump(to: "end", if: .r9, .equal, 0)
    code.load(.r1, .r6, offsets.cgroups)
    code.load(.r1, .r1, offsets.cgroup)
    code.load(.r1, .r1, offsets.node)
    code.load(.r7, .r1, offsets.id)
    slots.count(in: &code, isPreemptible: true) { code in
      code.addAtomically(.r0, BPFAssembler.offset(ofWord: Word.pageFaults), .r9)
    }
  }
}

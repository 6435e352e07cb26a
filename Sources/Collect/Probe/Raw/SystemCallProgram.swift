/// Counts system calls by cgroup, attached to the raw tracepoint `sys_enter`. It runs at every
/// system call of the machine, so every nanosecond counts.
struct SystemCallProgram {
  typealias Word = CounterSlots.Word

  static let tracepoint = "sys_enter"
  static let parameters: [(word: Int, parameter: Parameter)] = [
    (Word.systemCalls, .systemCalls), (Word.mmapCalls, .mmapCalls), (Word.fileAccess, .fileAccess),
  ]

  var slots: CounterSlots
  var cache: TaskCgroupCache

  func instructions() -> [UInt64] {
    var code = BPFAssembler()
    // The context is the tracepoint's arguments: registers, number of the system call.
    code.load(.r6, .r1, 8)
    code.load(.r9, .r1, 0)
    cache.findCgroup(in: &code)
    slots.count(in: &code, isPreemptible: false) { code in
      slots.increment(Word.systemCalls, in: &code)
      for number in SystemCallNumbers.opening {
        code.jump(to: "opening", if: .r6, .equal, Int32(number))
      }
      code.jump(to: "end", if: .r6, .notEqual, Int32(SystemCallNumbers.mmap))
      slots.increment(Word.mmapCalls, in: &code)
      code.jump(to: "end")
      code.label("opening")
      slots.increment(Word.fileAccess, in: &code)
    }
    code.end()
    return code.assembled()
  }
}

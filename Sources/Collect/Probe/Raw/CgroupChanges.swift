import CLinux
import Foundation

/// Counts in the kernel how many cgroups are made and removed, in all hierarchies and of everybody.
///
/// The kernel passes both tracepoints under its lock of all cgroups, so that none comes while the
/// program runs already, where it would be passed over; and that of a new cgroup before it shows it
/// to anybody.
actor CgroupChanges: ChangeCounter {
  private static let tracepoints = ["cgroup_mkdir", "cgroup_rmdir"]

  private let descriptors: [Int32]
  private let words: MappedWords

  /// Attaches to the kernel's raw tracepoints.
  ///
  /// - Throws: ``BPFError``: not permitted, or a kernel older than 5.5.
  init() throws(BPFError) {
    vigil_bpf_unlimit_locked_memory()
    var descriptors: [Int32] = []
    do throws(BPFError) {
      let array = try BPFError.check(
        "make a counter", vigil_bpf_create_mapped_array(UInt32(MemoryLayout<UInt64>.size), 1))
      descriptors.append(array)
      words = try MappedWords(descriptor: array, count: 1)
      let program = try BPFLoading.load(Self.instructions(array: array))
      descriptors.append(program)
      for name in Self.tracepoints {
        descriptors.append(
          try BPFError.check(
            "attach to the raw tracepoint \(name)", vigil_bpf_open_raw_tracepoint(name, program)))
      }
    } catch {
      for descriptor in descriptors { close(descriptor) }
      throw error
    }
    self.descriptors = descriptors
  }

  deinit { for descriptor in descriptors.reversed() { close(descriptor) } }

  func count() -> UInt64 { words[0] }

  /// Adds 1 to the first word of `array`, a map's descriptor.
  private static func instructions(array: Int32) -> [UInt64] {
    var code = BPFAssembler()
    code.move(.r1, 0)
    code.store32(.frame, -4, .r1)
    code.loadMap(.r1, descriptor: array)
    code.move(.r2, .frame)
    code.add(.r2, -4)
    code.call(.lookUpElement)
    code.jump(to: "end", if: .r0, .equal, 0)
    code.move(.r1, 1)
    code.addAtomically(.r0, 0, .r1)
    code.label("end")
    code.move(.r0, 0)
    code.exit()
    return code.assembled()
  }
}

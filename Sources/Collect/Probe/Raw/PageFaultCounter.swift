import CLinux
import Foundation

/// The programs of ``PageFaultProgram`` in the kernel.
final class PageFaultCounter {
  private let attachments: [Descriptor]
  private let pass: Descriptor

  /// Loads and attaches the programs, and looks at every task once.
  ///
  /// - Parameters:
  ///   - slots: where they count.
  ///   - types: the path of the kernel's description of its types.
  /// - Throws: ``BPFError``: not permitted, a kernel older than 5.12, or one that does not describe
  ///   its types.
  init(countingIn slots: CounterSlots, types: String) throws(BPFError) {
    let described: KernelTypes?
    do { described = try KernelTypes.described(in: types) } catch {
      throw BPFError("tell the kernel's types", EINVAL, detail: "\(error)")
    }
    guard let types = described else { throw BPFError("tell the kernel's types", ENOENT) }
    let seen = try BPFError.check(
      "make a word for each task",
      vigil_bpf_create_task_storage(UInt32(MemoryLayout<UInt64>.size)))
    let program = PageFaultProgram(
      slots: slots, seen: seen.number, offsets: try PageFaultProgram.Offsets(types))
    func load(
      _ occasion: PageFaultProgram.Occasion, _ kind: vigil_bpf_kind, type: UInt32?
    ) throws(BPFError) -> BPFProgram {
      guard let type else { throw BPFError("find \(occasion.rawValue)", ENOENT) }
      return try BPFProgram(program.instructions(on: occasion), for: kind, type: type)
    }
    var attachments: [Descriptor] = []
    for occasion in [PageFaultProgram.Occasion.move, .exit] {
      let type = types.number(of: .typeDefinition, named: "btf_trace_\(occasion.rawValue)")
      let loaded = try load(occasion, VIGIL_BPF_TYPED_TRACEPOINT, type: type)
      attachments.append(
        try BPFError.check(
          "attach to \(occasion.rawValue)",
          vigil_bpf_open_raw_tracepoint(nil, loaded.descriptor.number)))
    }
    self.attachments = attachments
    let iterator = try load(
      .pass, VIGIL_BPF_ITERATOR,
      type: types.number(of: .function, named: PageFaultProgram.Occasion.pass.rawValue))
    pass = try BPFError.check(
      "make an iterator over tasks", vigil_bpf_link_iterator(iterator.descriptor.number))
    try lookAtTasks()
  }

  /// Brings the counts up to date.
  func lookAtTasks() throws(BPFError) {
    let result = vigil_bpf_run_iterator(pass.number)
    guard result == 0 else { throw BPFError("look at all tasks", -result) }
  }
}

extension PageFaultProgram.Offsets {
  init(_ types: KernelTypes) throws(BPFError) {
    func offset(_ member: String, _ structure: String) throws(BPFError) -> Int16 {
      guard let offset = types.offset(of: member, in: structure).flatMap(Int16.init(exactly:))
      else {
        throw BPFError("find \(member) of \(structure)", ENOENT)
      }
      return offset
    }
    self.init(
      minorFaults: try offset("min_flt", "task_struct"),
      majorFaults: try offset("maj_flt", "task_struct"),
      cgroups: try offset("cgroups", "task_struct"),
      cgroup: try offset("dfl_cgrp", "css_set"),
      node: try offset("kn", "cgroup"),
      id: try offset("id", "kernfs_node"))
  }
}

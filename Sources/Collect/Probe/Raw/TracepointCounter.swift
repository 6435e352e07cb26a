import CLinux

/// A word in the kernel to which a program of ours adds 1 whenever one of some raw tracepoints is
/// passed, on whichever processor.
final class TracepointCounter {
  /// The map that the word is in, of one value.
  let map: Descriptor
  private let words: MappedWords
  private let attachments: [Descriptor]

  /// - Throws: ``BPFError``: not permitted, no such tracepoint, or a kernel older than 5.5.
  init(_ tracepoints: [String]) throws(BPFError) {
    vigil_bpf_unlimit_locked_memory()
    map = try BPFError.check(
      "make a counter", vigil_bpf_create_mapped_array(UInt32(MemoryLayout<UInt64>.size), 1))
    words = try MappedWords(descriptor: map.number, count: 1)
    let program = try BPFProgram(
      Self.instructions(map: map.number), for: VIGIL_BPF_RAW_TRACEPOINT)
    var attachments: [Descriptor] = []
    for name in tracepoints {
      attachments.append(
        try BPFError.check(
          "attach to the raw tracepoint \(name)",
          vigil_bpf_open_raw_tracepoint(name, program.descriptor.number)))
    }
    self.attachments = attachments
  }

  var value: UInt64 { words[0] }

  private static func instructions(map: Int32) -> [UInt64] {
    var code = BPFAssembler()
    code.move(.r1, 0)
    code.lookUp(map, at: .r1)
    code.move(.r1, 1)
    code.addAtomically(.r0, 0, .r1)
    code.end()
    return code.assembled()
  }
}

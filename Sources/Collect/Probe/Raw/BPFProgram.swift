import CLinux

/// Instructions that the kernel's verifier has accepted.
struct BPFProgram {
  let descriptor: Descriptor

  /// - Parameters:
  ///   - kind: where it is to run.
  ///   - type: the number (``KernelTypes``) of what it is attached to, where the kind has one.
  init(
    _ instructions: [UInt64], for kind: vigil_bpf_kind, type: UInt32 = 0
  ) throws(BPFError) {
    func load(_ log: inout [CChar]) -> Int32 {
      vigil_bpf_load(
        kind, type, instructions, UInt32(instructions.count), &log, UInt32(log.count))
    }
    var log: [CChar] = []
    var result = load(&log)
    if result < 0 {
      // Once more for what the verifier has to say.
      log = [CChar](repeating: 0, count: 64 << 10)
      result = load(&log)
    }
    guard result >= 0 else {
      let text = String(
        decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let lines = text.split(separator: "\n").filter { !$0.hasPrefix("processed ") }
      throw BPFError("load the program", -result, detail: String(lines.last ?? ""))
    }
    descriptor = Descriptor(result)
  }

  /// How often the kernel did not run it because it was running on the processor already.
  var missedRuns: UInt64 {
    var missed: UInt64 = 0
    return vigil_bpf_missed_runs(descriptor.number, &missed) == 0 ? missed : 0
  }
}

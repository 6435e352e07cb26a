import CLinux

/// Gives programs to the kernel.
enum BPFLoading {
  /// Loads a program for raw tracepoints; the descriptor returned is the caller's to close.
  static func load(_ instructions: [UInt64]) throws(BPFError) -> Int32 {
    let result = vigil_bpf_load(instructions, UInt32(instructions.count), nil, 0)
    if result >= 0 { return result }
    // Once more for what the verifier has to say.
    var log = [CChar](repeating: 0, count: 64 << 10)
    let again = vigil_bpf_load(
      instructions, UInt32(instructions.count), &log, UInt32(log.count - 1))
    if again >= 0 { return again }
    let text = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("processed ") }
    throw BPFError("load the program", -result, detail: String(lines.last ?? ""))
  }
}

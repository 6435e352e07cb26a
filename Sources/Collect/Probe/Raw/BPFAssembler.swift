/// Puts together a program for the kernel's virtual machine (RFC 9669, "BPF Instruction Set
/// Architecture"): as many instructions as are needed here, with labels to jump to.
struct BPFAssembler {
  enum Register: UInt64 {
    case r0, r1, r2, r3, r4, r5, r6, r7, r8, r9
    /// The end of the stack, which grows down from it.
    case frame
  }

  /// Functions of the kernel (bpf-helpers(7)): arguments in r1 to r5, which are lost, result in r0.
  enum Function: Int32 {
    case lookUpElement = 1
    case updateElement = 2
    case currentProcessor = 8
    case currentCgroup = 80
    case taskStorage = 156
  }

  enum Condition: UInt64 {
    case equal = 0x10
    case notEqual = 0x50
  }

  private var words: [UInt64] = []
  private var labels: [String: Int] = [:]
  private var jumps: [(at: Int, to: String)] = []

  mutating func label(_ name: String) { labels[name] = words.count }

  mutating func move(_ target: Register, _ source: Register) {
    append(0xbf, target, source: source)
  }
  mutating func move(_ target: Register, _ value: Int32) { append(0xb7, target, immediate: value) }
  mutating func add(_ target: Register, _ value: Int32) { append(0x07, target, immediate: value) }
  mutating func add(_ target: Register, _ source: Register) {
    append(0x0f, target, source: source)
  }
  mutating func subtract(_ target: Register, _ source: Register) {
    append(0x1f, target, source: source)
  }
  mutating func or(_ target: Register, _ source: Register) {
    append(0x4f, target, source: source)
  }
  mutating func and(_ target: Register, _ value: Int32) { append(0x57, target, immediate: value) }
  mutating func multiply(_ target: Register, _ value: UInt32) {
    append(0x27, target, immediate: Int32(bitPattern: value))
  }
  mutating func shiftRight(_ target: Register, _ bits: Int32) {
    append(0x77, target, immediate: bits)
  }
  mutating func shiftLeft(_ target: Register, _ bits: Int32) {
    append(0x67, target, immediate: bits)
  }

  /// Where a value's word of 8 bytes begins.
  static func offset(ofWord word: Int) -> Int16 { Int16(word * 8) }

  /// 8 bytes at `offset` from where `source` points to.
  mutating func load(_ target: Register, _ source: Register, _ offset: Int16) {
    append(0x79, target, source: source, offset: offset)
  }
  mutating func store(_ target: Register, _ offset: Int16, _ source: Register) {
    append(0x7b, target, source: source, offset: offset)
  }
  mutating func store32(_ target: Register, _ offset: Int16, _ source: Register) {
    append(0x63, target, source: source, offset: offset)
  }

  /// Adds `source` to the 8 bytes at `offset` from where `target` points to, whichever processors
  /// do so at once.
  mutating func addAtomically(_ target: Register, _ offset: Int16, _ source: Register) {
    append(0xdb, target, source: source, offset: offset)
  }
  /// Exchanges the 8 bytes at `offset` from where `target` points to with those of `source`.
  mutating func exchange(_ target: Register, _ offset: Int16, _ source: Register) {
    append(0xdb, target, source: source, offset: offset, immediate: 0xe1)
  }
  /// Puts `source` into the 8 bytes at `offset` from where `target` points to if they are those of
  /// r0; r0 is then what they were, in any case.
  mutating func exchangeIfR0(_ target: Register, _ offset: Int16, _ source: Register) {
    append(0xdb, target, source: source, offset: offset, immediate: 0xf1)
  }

  mutating func loadMap(_ target: Register, descriptor: Int32) {
    // A source of 1 says that the number is a map's descriptor.
    append(0x18, target, source: .r1, immediate: descriptor)
    words.append(0)
  }

  /// Looks up the key of 4 or 8 bytes at `offset` from the end of the stack: r0 is the value's
  /// address, or 0. r1 to r5 are lost.
  mutating func lookUp(_ map: Int32, keyAt offset: Int32) {
    loadMap(.r1, descriptor: map)
    move(.r2, .frame)
    add(.r2, offset)
    call(.lookUpElement)
  }

  /// Looks up the value at the place in an array of values that `index` has: r0 is its address.
  /// Where there is none, the program ends. Takes the first 4 bytes of the stack.
  mutating func lookUp(_ map: Int32, at index: Register) {
    store32(.frame, -4, index)
    lookUp(map, keyAt: -4)
    jump(to: "end", if: .r0, .equal, 0)
  }

  mutating func call(_ function: Function) {
    append(0x85, .r0, immediate: function.rawValue)
  }

  mutating func jump(to label: String) { addJump(0x05, .r0, to: label) }
  mutating func jump(
    to label: String, if register: Register, _ condition: Condition, _ value: Int32
  ) {
    addJump(0x05 | condition.rawValue, register, immediate: value, to: label)
  }
  mutating func jump(
    to label: String, if register: Register, _ condition: Condition, _ other: Register
  ) {
    addJump(0x0d | condition.rawValue, register, source: other, to: label)
  }

  /// The end of a program, where jumps to `end` lead.
  mutating func end() {
    label("end")
    move(.r0, 0)
    exit()
  }

  mutating func exit() { append(0x95, .r0) }

  /// The instructions as bpf(2) takes them; a label that was not placed is an error of this
  /// program.
  func assembled() -> [UInt64] {
    var result = words
    for jump in jumps {
      guard let target = labels[jump.to] else { preconditionFailure("no label \(jump.to)") }
      let offset = Int16(target - jump.at - 1)
      result[jump.at] |= UInt64(UInt16(bitPattern: offset)) << 16
    }
    return result
  }

  private mutating func addJump(
    _ code: UInt64, _ register: Register, source: Register = .r0, immediate: Int32 = 0,
    to label: String
  ) {
    jumps.append((words.count, label))
    append(code, register, source: source, immediate: immediate)
  }

  private mutating func append(
    _ code: UInt64, _ target: Register, source: Register = .r0, offset: Int16 = 0,
    immediate: Int32 = 0
  ) {
    words.append(
      code | target.rawValue << 8 | source.rawValue << 12
        | UInt64(UInt16(bitPattern: offset)) << 16
        | UInt64(UInt32(bitPattern: immediate)) << 32)
  }
}

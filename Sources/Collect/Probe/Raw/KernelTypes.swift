import Foundation

/// The types of the running kernel, as it describes them itself (the kernel's documentation, "BPF
/// Type Format"): which number a function or tracepoint has for bpf(2), and where a member of a
/// structure stands, which differs from one kernel to another.
struct KernelTypes {
  enum Kind: UInt8 {
    case structure = 4
    case union = 5
    case typeDefinition = 8
    case function = 12
  }

  /// The description is not as expected; `offset` is where in it, in bytes.
  struct Malformed: Error, Hashable, CustomStringConvertible {
    var offset: Int
    var description: String { "the kernel's description of its types is not valid at \(offset)" }
  }

  private let bytes: [UInt8]
  private let strings: Range<Int>
  /// Where each type's description begins; the first one has the number 1.
  private let types: [Int]

  /// Where the running kernel describes its types.
  static let runningKernel = "/sys/kernel/btf/vmlinux"

  /// Those described in a file; nil where there is none (the kernel was built without).
  static func described(in path: String) throws(Malformed) -> KernelTypes? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return try KernelTypes([UInt8](data))
  }

  init(_ bytes: [UInt8]) throws(Malformed) {
    self.bytes = bytes
    guard bytes.count >= 24, Self.word(bytes, 0) & 0xff_ffff == 0x01_eb9f else {
      throw Malformed(offset: 0)
    }
    let header = Self.word(bytes, 4)
    func section(_ at: Int) throws(Malformed) -> Range<Int> {
      let start = header + Self.word(bytes, at)
      let end = start + Self.word(bytes, at + 4)
      guard end <= bytes.count else { throw Malformed(offset: at) }
      return start..<end
    }
    let described = try section(8)
    strings = try section(16)
    var types: [Int] = []
    var at = described.lowerBound
    while at < described.upperBound {
      guard at + 12 <= described.upperBound,
        let size = Self.size(ofInformation: Self.word(bytes, at + 4)),
        at + size <= described.upperBound
      else { throw Malformed(offset: at) }
      types.append(at)
      at += size
    }
    self.types = types
  }

  /// The number of the first type of this kind and name.
  func number(of kind: Kind, named name: String) -> UInt32? {
    let wanted = Array(name.utf8)
    return types.firstIndex { self.kind(at: $0) == kind.rawValue && hasName(wanted, at: $0) }
      .map { UInt32($0 + 1) }
  }

  /// Where a member of a structure begins, in bytes from the structure's beginning; members of
  /// structures and unions without a name inside it are its own.
  func offset(of member: String, in structure: String) -> Int? {
    guard let number = number(of: .structure, named: structure) else { return nil }
    return offset(of: Array(member.utf8), inType: Int(number), depth: 0)
  }

  private func offset(of member: [UInt8], inType number: Int, depth: Int) -> Int? {
    // Nested deeper than any kernel's, it may be endless.
    guard depth < 16, types.indices.contains(number - 1) else { return nil }
    let start = types[number - 1]
    guard [Kind.structure.rawValue, Kind.union.rawValue].contains(kind(at: start)) else {
      return nil
    }
    let information = Self.word(bytes, start + 4)
    let hasBitFields = information >> 31 == 1
    for index in 0..<(information & 0xffff) {
      let at = start + 12 + 12 * index
      let bits = Self.word(bytes, at + 8)
      let offset = (hasBitFields ? bits & 0xff_ffff : bits) / 8
      if Self.word(bytes, at) == 0 {
        if let inner = self.offset(
          of: member, inType: Self.word(bytes, at + 4), depth: depth + 1)
        {
          return offset + inner
        }
      } else if hasName(member, at: at) {
        return offset
      }
    }
    return nil
  }

  private func kind(at start: Int) -> UInt8 { bytes[start + 7] & 0x1f }

  /// Whether the name at the offset that stands at `start` is `name`.
  private func hasName(_ name: [UInt8], at start: Int) -> Bool {
    let begin = strings.lowerBound + Self.word(bytes, start)
    let end = begin + name.count
    guard end < strings.upperBound, bytes[end] == 0 else { return false }
    return bytes[begin..<end].elementsEqual(name)
  }

  /// The bytes of a type's description; nil for kinds that are not known.
  private static func size(ofInformation information: Int) -> Int? {
    let count = information & 0xffff
    return switch information >> 24 & 0x1f {
    case 2, 7, 8, 9, 10, 11, 12, 16, 18: 12
    // Integers, variables, tags of declarations.
    case 1, 14, 17: 16
    case 3: 24
    case 4, 5, 15, 19: 12 + 12 * count
    case 6, 13: 12 + 8 * count
    default: nil
    }
  }

  /// The 4 bytes at `offset`, the lowest first as on the machines that bpftrace is for.
  private static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
    Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]) << 16
      | Int(bytes[offset + 3]) << 24
  }
}

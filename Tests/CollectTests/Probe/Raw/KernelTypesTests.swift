import Foundation
import TestSupport
import Testing

@testable import Collect

@Suite struct KernelTypesTests {
  /// Types as the kernel describes them, put together by hand.
  private struct Description {
    var strings: [UInt8] = [0]
    var types: [UInt8] = []

    mutating func name(_ name: String) -> UInt32 {
      defer { strings += Array(name.utf8) + [0] }
      return UInt32(strings.count)
    }

    mutating func add(_ words: [UInt32]) { types += words.flatMap(Self.bytes) }

    static func bytes(_ word: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }

    var bytes: [UInt8] {
      let header: [UInt32] = [
        0x0001_eb9f, 24, 0, UInt32(types.count), UInt32(types.count), UInt32(strings.count),
      ]
      return header.flatMap(Self.bytes) + types + strings
    }
  }

  /// A number (1), an union without a name (2), a structure `task` with it inside (3), a structure
  /// with bit fields (4), a typedef (5), an enumeration (6), the prototype of a function (7) and the
  /// function (8), a pointer (9), a structure that contains itself (10).
  private static func example() -> [UInt8] {
    var types = Description()
    let (int, task) = (types.name("int"), types.name("task"))
    types.add([int, 1 << 24, 4, 32])
    types.add([0, 5 << 24 | 2, 8, types.name("low"), 1, 0, types.name("high"), 1, 32])
    types.add([
      task, 4 << 24 | 3, 24, types.name("pid"), 1, 0, 0, 2, 64, types.name("flags"), 1, 128,
    ])
    types.add([
      types.name("packed"), 1 << 31 | 4 << 24 | 2, 8, types.name("a"), 1, 3 << 24,
      types.name("b"), 1, 32,
    ])
    types.add([types.name("btf_trace_exit"), 8 << 24, 9])
    types.add([types.name("state"), 6 << 24 | 1, 4, types.name("RUNNING"), 7])
    types.add([0, 13 << 24 | 1, 1, 0, 1])
    types.add([types.name("iterate"), 12 << 24, 7])
    types.add([0, 2 << 24, 7])
    types.add([types.name("endless"), 4 << 24 | 1, 8, 0, 10, 0])
    return types.bytes
  }

  @Test func typesHaveTheirNumbers() throws {
    let types = try KernelTypes(Self.example())
    #expect(types.number(of: .structure, named: "task") == 3)
    #expect(types.number(of: .typeDefinition, named: "btf_trace_exit") == 5)
    #expect(types.number(of: .function, named: "iterate") == 8)
    #expect(types.number(of: .function, named: "task") == nil)
    #expect(types.number(of: .structure, named: "tas") == nil)
    #expect(types.number(of: .structure, named: "tasks") == nil)
  }

  @Test func membersHaveTheirOffsets() throws {
    let types = try KernelTypes(Self.example())
    #expect(types.offset(of: "pid", in: "task") == 0)
    #expect(types.offset(of: "low", in: "task") == 8)
    #expect(types.offset(of: "high", in: "task") == 12)
    #expect(types.offset(of: "flags", in: "task") == 16)
    #expect(types.offset(of: "b", in: "packed") == 4)
    #expect(types.offset(of: "none", in: "task") == nil)
    #expect(types.offset(of: "pid", in: "none") == nil)
    #expect(types.offset(of: "pid", in: "endless") == nil)
  }

  @Test func whatIsCutOffOrOfAnotherFormatIsRefused() throws {
    let example = Self.example()
    for length in 0..<example.count {
      #expect(throws: KernelTypes.Malformed.self) { try KernelTypes(Array(example[..<length])) }
    }
    var other = example
    other[0] ^= 1
    #expect(throws: KernelTypes.Malformed(offset: 0)) { try KernelTypes(other) }
    var unknown = example
    unknown[24 + 7] = 31
    #expect(throws: KernelTypes.Malformed(offset: 24)) { try KernelTypes(unknown) }
  }

  @Test func noBytesMakeItRunAway() {
    var random = SeededGenerator(seed: 20)
    for _ in 0..<20_000 {
      var bytes = Self.example()
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      guard let types = try? KernelTypes(bytes) else { continue }
      _ = types.number(of: .function, named: "iterate")
      for name in ["task", "packed", "endless"] { _ = types.offset(of: "flags", in: name) }
    }
  }

  @Test(.enabled(if: access("/sys/kernel/btf/vmlinux", R_OK) == 0))
  func thisKernelTellsOfItsTasks() throws {
    let types = try #require(try KernelTypes.described(in: KernelTypes.runningKernel))
    #expect(types.number(of: .function, named: "bpf_iter_task") != nil)
    let offsets = try PageFaultProgram.Offsets(types)
    #expect(offsets.majorFaults == offsets.minorFaults + 8)
  }
}

import Testing

@testable import Collect

@Suite struct BPFAssemblerTests {
  /// Encodings as in RFC 9669: opcode, registers, offset, immediate.
  @Test func instructionsAreEncodedAsTheStandardSays() {
    var code = BPFAssembler()
    code.move(.r6, .r1)
    code.move(.r3, -1)
    code.load(.r2, .r1, 8)
    code.store(.frame, -16, .r7)
    code.store32(.frame, -4, .r2)
    code.addAtomically(.r0, 8, .r1)
    code.call(.currentCgroup)
    code.exit()
    #expect(
      code.assembled() == [
        0x0000_0000_0000_16bf, 0xffff_ffff_0000_03b7, 0x0000_0000_0008_1279,
        0x0000_0000_fff0_7a7b, 0x0000_0000_fffc_2a63, 0x0000_0000_0008_10db,
        0x0000_0050_0000_0085, 0x0000_0000_0000_0095,
      ])
  }

  @Test func arithmeticAndAtomicInstructionsAreEncodedAsTheStandardSays() {
    var code = BPFAssembler()
    code.add(.r9, .r1)
    code.subtract(.r9, .r1)
    code.addAtomically(.r0, 32, .r9)
    code.exchange(.r0, 0, .r1)
    code.exchangeIfR0(.r1, 8, .r7)
    code.multiply(.r7, 0x9e37_79b1)
    code.shiftRight(.r7, 20)
    #expect(
      code.assembled() == [
        0x0000_0000_0000_190f, 0x0000_0000_0000_191f, 0x0000_0000_0020_90db,
        0x0000_00e1_0000_10db, 0x0000_00f1_0008_71db,
        0x9e37_79b1_0000_0727, 0x0000_0014_0000_0777,
      ])
  }

  @Test func mapTakesTwoInstructions() {
    var code = BPFAssembler()
    code.loadMap(.r1, descriptor: 7)
    #expect(code.assembled() == [0x0000_0007_0000_1118, 0])
  }

  @Test func jumpsCountFromTheNextInstructionInBothDirections() {
    var code = BPFAssembler()
    code.label("start")
    code.jump(to: "end", if: .r0, .equal, 5)
    code.jump(to: "start", if: .r1, .notEqual, .r7)
    code.jump(to: "end")
    code.label("end")
    code.exit()
    #expect(
      code.assembled() == [
        0x0000_0005_0002_0015, 0x0000_0000_fffe_715d, 0x0000_0000_0000_0005,
        0x0000_0000_0000_0095,
      ])
  }
}

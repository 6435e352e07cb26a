import TestSupport
import Testing

@testable import Collect

@Suite struct LineBufferTests {
  @Test func batchesEndAtLinesAndHoldEveryByte() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var buffer = LineBuffer(batchBytes: 20, byteLimit: 1 << 20)
      var given: [UInt8] = []
      for _ in 0..<20 {
        var lines: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
          lines += [UInt8](repeating: 120, count: Int.random(in: 1...30, using: &random)) + [10]
        }
        given += lines
        if Bool.random(using: &random), !lines.isEmpty { lines.removeLast() }
        buffer.add(lines)
      }
      var taken: [UInt8] = []
      while let chunk = buffer.take() {
        #expect(chunk.bytes.last == 10)
        #expect(chunk.lineCount == chunk.bytes.count { $0 == 10 })
        #expect(chunk.bytes.count <= 20 || chunk.lineCount == 1, "seed \(seed)")
        taken += chunk.bytes
      }
      #expect(taken == given, "seed \(seed)")
      #expect(buffer.takeDroppedLines() == 0)
    }
  }

  @Test func beyondTheBoundTheOldestGo() {
    var buffer = LineBuffer(batchBytes: 4, byteLimit: 8)
    for letter in ["a", "b", "c"] { buffer.add(Array("\(letter)\(letter)\(letter)\n".utf8)) }
    #expect(buffer.takeDroppedLines() == 1)
    #expect(buffer.take()?.bytes == Array("bbb\n".utf8))
  }
}

import Foundation
import Logging
import Testing

@testable import Collect

@Suite("Lines on standard output")
struct StandardOutputSinkTests {
  private func pipe() throws -> (read: Int32, write: Int32) {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    let status = Foundation.pipe(&ends)
    try #require(status == 0)
    return (ends[0], ends[1])
  }

  private func text(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 1000)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  @Test("they are printed in order, all of them before the end")
  func printed() async throws {
    let ends = try pipe()
    let sink = StandardOutputSink(descriptor: ends.write, logger: .silent)
    sink.add(Array("a\n".utf8))
    sink.add(Array("b\nc\n".utf8))
    await sink.finish(within: .seconds(60))
    close(ends.write)
    #expect(text(ends.read) == "a\nb\nc\n")
    close(ends.read)
  }

  @Test("a reader that goes away is noticed")
  func closed() async throws {
    let ends = try pipe()
    let sink = StandardOutputSink(descriptor: ends.write, logger: .silent)
    close(ends.read)
    sink.add(Array("a\n".utf8))
    for await _ in sink.untilClosed {}
    // Nobody waits for what is added then.
    sink.add(Array("b\n".utf8))
    await sink.finish(within: .seconds(60))
    close(ends.write)
  }

  @Test("a reader that does not read delays nobody, and costs a bounded memory")
  func stuck() async throws {
    let ends = try pipe()
    let log = KeptLog.Lines()
    let sink = StandardOutputSink(
      descriptor: ends.write, byteLimit: 300_000,
      logger: Logger(label: "test") { _ in KeptLog(lines: log) })
    let lines = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
    for _ in 0..<10 { sink.add(lines) }
    #expect(log.all == ["warning Standard output is not read: lines are dropped "])
    await sink.finish(within: .milliseconds(1))
    // What was taken in, and no more, comes out when somebody reads.
    var taken = 0
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    while taken < 300_000 {
      let count = read(ends.read, &bytes, bytes.count)
      guard count > 0 else { break }
      taken += count
    }
    await sink.finish(within: .seconds(60))
    close(ends.write)
    #expect(read(ends.read, &bytes, bytes.count) == 0)
    #expect(taken == 300_000)
    close(ends.read)
  }
}

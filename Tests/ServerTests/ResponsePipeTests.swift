import Foundation
import Hummingbird
import Synchronization
import Testing

@testable import Server

@Suite struct ResponsePipeTests {
  @Test func chunksComeInOrderAndThenTheEnd() async throws {
    let pipe = ResponsePipe(limit: 8)
    Thread.detachNewThread {
      for number in 0..<1000 { try? pipe.push(ByteBuffer(integer: Int32(number))) }
      pipe.finish(.success(()))
    }
    var expected: Int32 = 0
    while let chunk = try await pipe.next() {
      #expect(chunk.getInteger(at: 0, as: Int32.self) == expected)
      expected += 1
    }
    #expect(expected == 1000)
    #expect(try await pipe.next() == nil)
  }

  @Test func theWriterWaitsForASlowReader() async throws {
    let pipe = ResponsePipe(limit: 8)
    let pushed = Mutex(0)
    Thread.detachNewThread {
      for _ in 0..<100 {
        try? pipe.push(ByteBuffer(repeating: 1, count: 4))
        pushed.withLock { $0 += 1 }
      }
      pipe.finish(.success(()))
    }
    var read = 0
    while try await pipe.next() != nil {
      read += 1
      // Two chunks fit the limit; one more may be handed over while we look.
      #expect(pushed.withLock { $0 } <= read + 3)
    }
    #expect(read == 100)
  }

  @Test func theEndDoesNotWaitForASlowReader() async throws {
    let pipe = ResponsePipe(limit: 4)
    try pipe.push(ByteBuffer(integer: Int32(1)))
    // Full by now: another push would wait, and this is called on a thread that must not.
    pipe.finish(with: ByteBuffer(integer: Int32(2)))
    #expect(try await pipe.next()?.getInteger(at: 0, as: Int32.self) == 1)
    #expect(try await pipe.next()?.getInteger(at: 0, as: Int32.self) == 2)
    #expect(try await pipe.next() == nil)
  }

  @Test func cancellingWakesAWriterThatWaits() async throws {
    let pipe = ResponsePipe(limit: 1)
    let (failures, failed) = AsyncStream.makeStream(of: Bool.self)
    Thread.detachNewThread {
      do {
        while true { try pipe.push(ByteBuffer(repeating: 1, count: 1)) }
      } catch {
        failed.yield(error is CancellationError)
      }
    }
    _ = try await pipe.next()
    pipe.cancel()
    for await isCancellation in failures {
      #expect(isCancellation)
      break
    }
    await #expect(throws: CancellationError.self) { try await pipe.next() }
  }

  @Test func anErrorComesAfterTheLastChunk() async throws {
    struct Failure: Error {}
    let pipe = ResponsePipe()
    try pipe.push(ByteBuffer(string: "a"))
    pipe.finish(.failure(Failure()))
    #expect(try await pipe.next() == ByteBuffer(string: "a"))
    await #expect(throws: Failure.self) { try await pipe.next() }
  }

  /// Whoever waits for its client says so before, and when it goes on.
  @Test func waitingIsAnnounced() async throws {
    struct Recorder: ResponsePipe.Waiting {
      let waits: Gauge
      func begin() throws { waits.enter() }
      func end() { waits.leave() }
    }
    let waits = Gauge()
    let pipe = ResponsePipe(limit: 1, waiting: Recorder(waits: waits))
    try pipe.push(ByteBuffer(string: "a"))
    #expect(waits.most == 0)
    Thread.detachNewThread {
      try? pipe.push(ByteBuffer(string: "b"))
      pipe.finish(.success(()))
    }
    while waits.most == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await pipe.next() == ByteBuffer(string: "a"))
    #expect(try await pipe.next() == ByteBuffer(string: "b"))
    #expect(try await pipe.next() == nil)
    #expect(waits.now == 0)
  }

  @Test func whoMayNotWaitFails() throws {
    struct Refusal: ResponsePipe.Waiting, Error {
      func begin() throws { throw self }
      func end() {}
    }
    let pipe = ResponsePipe(limit: 1, waiting: Refusal())
    try pipe.push(ByteBuffer(string: "a"))
    #expect(throws: Refusal.self) { try pipe.push(ByteBuffer(string: "b")) }
  }
}

import Foundation
import Query
import Synchronization
import Testing

@testable import Vigil

/// What ends a scheduled training while it is under way.
@Suite struct InterruptedRetrainingTests {
  /// Holds one thread when it asks for the time for the n-th time.
  private final class HoldingClock: Sendable {
    private struct State {
      var now: Timestamp = 3000 * RetrainingTests.second
      var held: (thread: pthread_t, readingsLeft: Int)?
    }
    private let state = Mutex(State())
    let isHolding = DispatchSemaphore(value: 0)
    let mayGoOn = DispatchSemaphore(value: 0)

    func advance(_ nanoseconds: Int64) { state.withLock { $0.now += nanoseconds } }

    func holdThisThread(atReading count: Int) {
      state.withLock { $0.held = (pthread_self(), count) }
    }

    func read() -> Timestamp {
      let (now, holds) = state.withLock { state in
        guard let held = state.held, held.thread == pthread_self() else {
          return (state.now, false)
        }
        let left = held.readingsLeft - 1
        state.held = left > 0 ? (held.thread, left) : nil
        return (state.now, left == 0)
      }
      if holds {
        isHolding.signal()
        mayGoOn.wait()
      }
      return now
    }
  }

  /// Runs `body` while a thread is amid a scheduled training, then lets that go on to its end.
  private func interrupt(
    _ temporary: TemporaryDatabase, _ clock: HoldingClock, atReading reading: Int,
    _ body: (Database) async throws -> Void
  ) async throws {
    let database = temporary.database
    clock.advance(600 * RetrainingTests.second)
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      clock.holdThisThread(atReading: reading)
      database.retraining.trainDue()
      isDone.signal()
    }
    await Self.wait(for: clock.isHolding)
    #expect(database.models.trainings(in: "db").keys.sorted() == ["shop"])
    do {
      try await body(database)
    } catch {
      clock.mayGoOn.signal()
      throw error
    }
    clock.mayGoOn.signal()
    await Self.wait(for: isDone)
    #expect(database.models.trainings(in: "db").isEmpty)
  }

  private static func wait(for semaphore: DispatchSemaphore) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        semaphore.wait()
        continuation.resume()
      }
    }
  }

  private func database(_ clock: HoldingClock) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { $0.clock = { clock.read() } }
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: ModelTests.lines(), to: "db")
    _ = try await temporary.database.tables(ModelTests.create + " RETRAIN EVERY 10m OVER 20m")
    return temporary
  }

  /// When it is due and when it begins are two readings; the third is the time of its data, the
  /// fourth that of its end.
  static let readings = [3, 4]

  @Test(arguments: readings)
  func aDropLeavesNothing(atReading reading: Int) async throws {
    let clock = HoldingClock()
    let temporary = try await database(clock)
    try await interrupt(temporary, clock, atReading: reading) { database in
      _ = try await database.tables("DROP MODEL shop ON db")
    }
    for _ in 0..<2 {
      #expect(try await temporary.database.tables("SHOW MODELS ON db").isEmpty)
      let engine = temporary.database.engine
      #expect(try engine.listFiles(kind: ModelVersion.fileKind, in: "db").isEmpty)
      #expect(temporary.database.models.failure(of: "shop", in: "db") == nil)
      try temporary.reopen { $0.clock = { clock.read() } }
    }
  }

  @Test(arguments: readings)
  func aModelOfTheSameNameThatCameMeanwhileStays(atReading reading: Int) async throws {
    let clock = HoldingClock()
    let temporary = try await database(clock)
    let bytes = try temporary.database.exportModel("shop", from: "db")
    try await interrupt(temporary, clock, atReading: reading) { database in
      _ = try await database.tables("DROP MODEL shop ON db")
      // The name is free when the training has ended.
      #expect(throws: QueryError.self) { try database.importModel(bytes, into: "db") }
    }
    #expect(try temporary.database.importModel(bytes, into: "db").version == 1)
  }

  @Test(arguments: readings)
  func aCloseLeavesTheModelAsItWas(atReading reading: Int) async throws {
    let clock = HoldingClock()
    let temporary = try await database(clock)
    let before = try temporary.database.exportModel("shop", from: "db")
    let isClosed = DispatchSemaphore(value: 0)
    try await interrupt(temporary, clock, atReading: reading) { database in
      let context = try #require(database.models.trainings(in: "db")["shop"]).context
      // It waits for the training.
      Thread.detachNewThread {
        try? database.close()
        isClosed.signal()
      }
      while !context.isCancelled { try await Task.sleep(for: .milliseconds(1)) }
    }
    await Self.wait(for: isClosed)
    let reopened = try Database.open(at: temporary.path)
    #expect(try reopened.exportModel("shop", from: "db") == before)
    #expect(reopened.models.failure(of: "shop", in: "db") == nil)
    try reopened.close()
  }
}

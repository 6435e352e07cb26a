import Testing

@testable import Server

@Suite struct WeightedSemaphoreTests {
  @Test func noMoreThanTheTotalIsEverOut() async throws {
    let semaphore = WeightedSemaphore(total: 10)
    let held = Gauge()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let weight = number % 7
          try? await semaphore.withPermit(weight) {
            held.enter(weight)
            await Task.yield()
            held.leave(weight)
          }
        }
      }
    }
    #expect(held.now == 0)
    #expect((6...10).contains(held.most))
  }

  @Test func moreThanThereIsTakesAllThereIs() async throws {
    let semaphore = WeightedSemaphore(total: 10)
    let result = try await semaphore.withPermit(Int.max) { 1 }
    #expect(result == 1)
    try await semaphore.acquire(10)
    semaphore.release(10)
  }

  @Test func aCancelledWaiterLetsThoseBehindItPass() async throws {
    let semaphore = WeightedSemaphore(total: 10)
    try await semaphore.acquire(5)
    let large = Task { try await semaphore.acquire(10) }
    let small = Task { try await semaphore.acquire(5) }
    large.cancel()
    await #expect(throws: CancellationError.self) { try await large.value }
    try await small.value
    semaphore.release(10)
    try await semaphore.acquire(10)
  }

  @Test func aTaskCancelledBeforehandDoesNotWait() async throws {
    let semaphore = WeightedSemaphore(total: 1)
    try await semaphore.acquire(1)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await semaphore.acquire(1)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    semaphore.release(1)
    try await semaphore.acquire(1)
  }

  @Test func anErrorGivesThePermitBack() async throws {
    struct Failure: Error {}
    let semaphore = WeightedSemaphore(total: 1)
    await #expect(throws: Failure.self) {
      try await semaphore.withPermit(1) { throw Failure() }
    }
    try await semaphore.acquire(1)
  }
}

import Testing

@testable import Server

@Suite struct SharedCapacityTests {
  private let one = ClientAddress(network: 1, isIPv6: false)
  private let two = ClientAddress(network: 2, isIPv6: false)

  @Test func noMoreThanTheTotalAndTheShareAreEverOut() async throws {
    let capacity = SharedCapacity(total: 5, share: 2)
    let all = Gauge()
    let own = [Gauge(), Gauge(), Gauge(), Gauge()]
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<400 {
        group.addTask {
          let client = number % 4
          try? await capacity.withPermit(
            for: ClientAddress(network: UInt64(client), isIPv6: false)
          ) {
            all.enter()
            own[client].enter()
            await Task.yield()
            own[client].leave()
            all.leave()
          }
        }
      }
    }
    #expect(all.now == 0 && all.most <= 5)
    for gauge in own { #expect(gauge.most <= 2) }
  }

  /// A client that has its share keeps nobody else waiting.
  @Test func aClientAtItsShareIsPassed() async throws {
    let capacity = SharedCapacity(total: 3, share: 1)
    try await capacity.acquire(for: one)
    let waiting = Task { try await capacity.acquire(for: one) }
    try await capacity.acquire(for: two)
    #expect(!capacity.tryAcquire(for: one))
    capacity.release(for: one)
    try await waiting.value
    #expect(!capacity.tryAcquire(for: one))
  }

  @Test func whatIsLentAndTakenBackKeepsOthersWaiting() async throws {
    let capacity = SharedCapacity(total: 1)
    try await capacity.acquire(for: one)
    capacity.release(for: one)
    #expect(capacity.tryAcquire(for: two))
    capacity.takeBack(for: one)
    capacity.release(for: two)
    #expect(!capacity.tryAcquire(for: two))
    capacity.release(for: one)
    #expect(capacity.tryAcquire(for: two))
  }

  @Test func aTaskCancelledWhileItWaitsLetsThoseBehindItPass() async throws {
    let capacity = SharedCapacity(total: 1)
    try await capacity.acquire(for: one)
    let first = Task { try await capacity.acquire(for: one) }
    let second = Task { try await capacity.acquire(for: two) }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    capacity.release(for: one)
    try await second.value
  }

  @Test func aTaskCancelledBeforehandDoesNotWait() async throws {
    let capacity = SharedCapacity(total: 1)
    try await capacity.acquire(for: one)
    let task = Task { [one] in
      while !Task.isCancelled { await Task.yield() }
      try await capacity.acquire(for: one)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    capacity.release(for: one)
    try await capacity.acquire(for: one)
  }

  @Test func anErrorGivesThePermitBack() async throws {
    struct Failure: Error {}
    let capacity = SharedCapacity(total: 1)
    await #expect(throws: Failure.self) {
      try await capacity.withPermit(for: one) { throw Failure() }
    }
    try await capacity.acquire(for: one)
  }
}

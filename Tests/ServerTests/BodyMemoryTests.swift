import Testing

@testable import Server

@Suite struct BodyMemoryTests {
  private static func client(_ number: Int) -> ClientAddress {
    ClientAddress(network: UInt64(number), isIPv6: false)
  }

  /// Bodies that all hold some and want more than there is end nevertheless, whoever they are of.
  @Test(arguments: [1, 3, 20])
  func bodiesNeverWaitForOneAnother(clients: Int) async throws {
    let memory = BodyMemory(total: 100, share: 40)
    let held = Gauge()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          try await memory.withLease(for: Self.client(number % clients)) { lease in
            for _ in 0..<8 {
              try await lease.grow(by: 5)
              held.enter(5)
              await Task.yield()
            }
            held.leave(40)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(held.now == 0)
    // One body may go beyond the total.
    #expect(held.most <= 140)
    // All of it is there again.
    try await memory.withLease(for: Self.client(0)) { lease in
      for _ in 0..<8 { try await lease.grow(by: 5) }
    }
  }

  /// A client that has its share, and one body beyond it, leaves the rest to others.
  @Test func aClientHasNoMoreThanItsShareAndABody() async throws {
    let memory = BodyMemory(total: 100, share: 40)
    let (grown, hasGrown) = AsyncStream.makeStream(of: Void.self)
    let greedy = (0..<20).map { _ in
      Task {
        try await memory.withLease(for: Self.client(1)) { lease in
          try await lease.grow(by: 10)
          hasGrown.yield()
          while !Task.isCancelled { await Task.yield() }
        }
      }
    }
    var count = 0
    for await _ in grown {
      count += 1
      if count == 5 { break }
    }
    try await memory.withLease(for: Self.client(2)) { lease in
      try await lease.grow(by: 10)
      try await lease.grow(by: 30)
      #expect(lease.bytes == 40)
    }
    for task in greedy { task.cancel() }
    for task in greedy { _ = await task.result }
  }

  @Test func aBodyLargerThanTheTotalPassesAlone() async throws {
    let memory = BodyMemory(total: 10, share: 5)
    try await memory.withLease(for: Self.client(1)) { lease in
      for _ in 0..<100 { try await lease.grow(by: 10) }
      #expect(lease.bytes == 1000)
    }
  }
}

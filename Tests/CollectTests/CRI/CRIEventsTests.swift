import CRI
import GRPCCore
import Testing

@testable import Collect

@Suite("A runtime's events", .timeLimit(.minutes(2)))
struct CRIEventsTests {
  @Test("each event is a tick, also after the runtime restarted")
  func ticks() async throws {
    let server = try FakeRuntimeServer()
    try await server.start()
    let source = try server.source()
    var ticks = try #require(source.changes()).makeAsyncIterator()
    for _ in 1...3 {
      try await server.followed()
      server.runtime.tellEvent()
      #expect(await ticks.next() != nil)
    }
    await server.stop()
    try await server.start()
    try await server.followed()
    // The one for having been away, if it has not been merged with another.
    #expect(await ticks.next() != nil)
    server.runtime.tellEvent()
    #expect(await ticks.next() != nil)
    await server.stop()
  }

  @Test("a runtime that comes late is followed from then on")
  func late() async throws {
    let server = try FakeRuntimeServer()
    let source = try server.source()
    var ticks = try #require(source.changes()).makeAsyncIterator()
    #expect(await ticks.next() != nil)
    try await server.start()
    try await server.followed()
    await server.stop()
  }

  @Test("the ticks end where the runtime has no events")
  func unimplemented() async throws {
    let server = try FakeRuntimeServer()
    server.runtime.edit {
      $0.failures["GetContainerEvents"] = RPCError(code: .unimplemented, message: "unknown method")
    }
    try await server.start()
    let source = try server.source()
    var ticks = try #require(source.changes()).makeAsyncIterator()
    #expect(await ticks.next() == nil)
    #expect(server.runtime.log == ["GetContainerEvents"])
    // Polling goes on.
    #expect(try await source.snapshot() == RuntimeSnapshot())
    await server.stop()
  }

  @Test("who stops listening follows no longer")
  func givenUp() async throws {
    let server = try FakeRuntimeServer()
    try await server.start()
    let source = try server.source()
    let listening = Task {
      guard let ticks = source.changes() else { return }
      for await _ in ticks {}
    }
    try await server.followed()
    listening.cancel()
    await listening.value
    try await eventually { server.runtime.edit { $0.followers.isEmpty } }
    await server.stop()
  }
}

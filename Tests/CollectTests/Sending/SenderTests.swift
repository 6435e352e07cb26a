import Logging
import TestSupport
import Testing

@testable import Collect

@Suite struct SenderTests {
  private let log = KeptLog.Lines()
  private let sleeper = NotingSleeper()

  private func sender(
    _ transport: ScriptedTransport, _ disk: SimulatedSpoolDisk = SimulatedSpoolDisk(),
    byteLimit: Int = 1 << 20, seed: UInt64 = 1, settings: SenderSettings = Self.settings
  ) throws -> Sender {
    let log = log
    return Sender(
      spool: try Spool(directory: "spool", byteLimit: byteLimit, fileSystem: disk),
      transport: transport, settings: settings, sleeper: sleeper,
      random: SeededGenerator(seed: seed),
      logger: Logger(label: "test") { _ in KeptLog(lines: log) })
  }

  private static let settings: SenderSettings = {
    var settings = SenderSettings()
    settings.batchAge = .seconds(7200)
    return settings
  }()

  private func add(_ line: Int, to sender: Sender) async {
    sender.add(Array("m v=\(line)i \(line)\n".utf8))
    await sender.seal()
  }

  private func lines(_ range: ClosedRange<Int>) -> [String] { range.map { "m v=\($0)i \($0)" } }

  @Test func anOutageDelaysAndKeepsTheOrder() async throws {
    let transport = ScriptedTransport(
      [.answer(WriteAnswer(status: 204))] + Array(repeating: .unreachable, count: 9)
        + [.answer(WriteAnswer(status: 503))])
    let sender = try sender(transport)
    for line in 1...5 { await add(line, to: sender) }
    await sender.start()
    while await sender.statistics.sentBatches < 5 { await Task.yield() }
    await sender.stop(within: .seconds(7200))
    #expect(transport.taken == lines(1...5))
    let statistics = await sender.statistics
    #expect(statistics.retries == 10)
    #expect(statistics.sentLines == 5)
    #expect(statistics.spooledBatches == 0)
    // Twice as long each time, less a random half, up to the limit.
    #expect(sleeper.waits.count == 10)
    for (index, wait) in sleeper.waits.enumerated() {
      let whole = min(.seconds(30), Duration.milliseconds(500) * (1 << index))
      #expect(wait >= whole / 2 && wait <= whole)
    }
    #expect(log.all.count { $0.hasPrefix("warning Cannot send") } == 1)
    #expect(log.all.contains { $0.hasPrefix("notice The server answers") })
  }

  @Test func retryAfterIsFollowedWithinReason() async throws {
    let transport = ScriptedTransport([
      .answer(WriteAnswer(status: 429, retryAfter: .seconds(77))),
      .answer(WriteAnswer(status: 503, retryAfter: .seconds(100_000))),
      .answer(WriteAnswer(status: 503, retryAfter: .zero)),
    ])
    let sender = try sender(transport)
    await add(1, to: sender)
    await sender.start()
    while await sender.statistics.sentBatches < 1 { await Task.yield() }
    await sender.stop(within: .seconds(7200))
    #expect(sleeper.waits.prefix(2) == [.seconds(77), .seconds(600)])
    #expect(sleeper.waits.last.map { $0 >= .seconds(1) } == true)
  }

  @Test func refusalsAreCountedSaidAndPassed() async throws {
    let transport = ScriptedTransport([
      .answer(WriteAnswer(status: 400, message: "unable to parse 'x'")),
      .answer(WriteAnswer(status: 400, message: "partial write: field type conflict dropped=2")),
      .answer(WriteAnswer(status: 413)),
    ])
    let sender = try sender(transport)
    await add(1, to: sender)
    sender.add(Array("m v=2i 2\nm v=2i 3\nm v=2i 4".utf8))
    await sender.seal()
    for line in 3...4 { await add(line, to: sender) }
    for _ in 0..<4 { #expect(await sender.deliverNext() == .delivered) }
    #expect(await sender.deliverNext() == .nothing)
    #expect(transport.taken == lines(4...4))
    let statistics = await sender.statistics
    #expect(statistics.refusedBatches == 2)
    #expect(statistics.refusedLines == 4)
    #expect(statistics.sentBatches == 2)
    #expect(statistics.sentLines == 2)
    #expect(log.all.contains { $0.contains("unable to parse 'x'") && $0.contains("m v=1i 1") })
  }

  @Test(arguments: [300, 302, 401, 403, 404, 408, 429, 500, 502, 503, 504, 201])
  func theseAnswersAreTriedAgain(status: Int) async throws {
    let transport = ScriptedTransport([.answer(WriteAnswer(status: status))])
    let sender = try sender(transport)
    await add(1, to: sender)
    #expect(await sender.deliverNext() == .failed(retryAfter: nil))
    #expect(await sender.deliverNext() == .delivered)
    #expect(transport.taken == lines(1...1))
  }

  @Test func whatIsLeftAtTheEndIsSentByTheNextCollector() async throws {
    let disk = SimulatedSpoolDisk()
    do {
      let sender = try sender(ScriptedTransport(finallyReached: false), disk)
      await sender.start()
      await add(1, to: sender)
      sender.add(Array("m v=2i 2\n".utf8))
      await sender.stop(within: .seconds(7200))
      #expect(await sender.statistics.spooledBatches == 2)
    }
    let transport = ScriptedTransport()
    let sender = try sender(transport, disk)
    await add(3, to: sender)
    await sender.start()
    await sender.stop(within: .seconds(7200))
    #expect(transport.taken == lines(1...3))
  }

  @Test func aFailingDiskLeavesTheWayThroughMemory() async throws {
    let disk = SimulatedSpoolDisk()
    let transport = ScriptedTransport([.unreachable])
    let sender = try sender(transport, disk)
    disk.isFailing = true
    for line in 1...3 { await add(line, to: sender) }
    #expect(await sender.deliverNext() == .failed(retryAfter: nil))
    #expect(await sender.deliverNext() == .delivered)
    await sender.seal()
    #expect(await sender.deliverNext() == .delivered)
    disk.isFailing = false
    await add(4, to: sender)
    while await sender.deliverNext() == .delivered {}
    #expect(transport.taken == lines(1...4))
    #expect(await sender.statistics.spoolFailures > 0)
    #expect(log.all.count { $0.hasPrefix("error The spool fails") } == 1)
  }

  @Test func aBatchOnItsWayIsNotDroppedWhenTheSpoolFillsUp() async throws {
    let transport = ScriptedTransport()
    let sender = try sender(transport, byteLimit: 2 * 4096)
    sender.add(Array("m v=0i 0\nm v=1i 1\n".utf8))
    await sender.seal()
    await add(2, to: sender)
    transport.duringNextSend {
      sender.add(Array("m v=3i 3\n".utf8))
      await sender.seal()
    }
    while await sender.deliverNext() == .delivered {}
    #expect(transport.taken == lines(0...1) + lines(3...3))
    #expect(await sender.statistics.droppedLines == 1)
  }

  @Test func memoryIsBoundedAndWhatItDropsCounted() async throws {
    let disk = SimulatedSpoolDisk()
    var settings = Self.settings
    settings.batchBytes = 20
    settings.memoryBytes = 60
    let transport = ScriptedTransport()
    let sender = try sender(transport, disk, settings: settings)
    disk.isFailing = true
    for line in 1...100 { await add(line, to: sender) }
    disk.isFailing = false
    await sender.seal()
    while await sender.deliverNext() == .delivered {}
    let unwritten = Int(await sender.statistics.unwrittenLines)
    #expect(unwritten > 80)
    #expect(transport.taken.count + unwritten == 100)
    #expect(transport.taken.last == "m v=100i 100")
    let counts = try Spool(directory: "spool", byteLimit: 1 << 20, fileSystem: disk).counts
    #expect(Int(counts.unwrittenLines) == unwritten)
  }

  /// Every line is taken in order, or counted.
  @Test func randomHistoriesAddUp() async throws {
    for seed in 0..<150 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let disk = SimulatedSpoolDisk()
      let byteLimit = 4096 * Int.random(in: 2...5, using: &random)
      var script: [ScriptedTransport.Step] = []
      for _ in 0..<60 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: script.append(.answer(WriteAnswer(status: 204)))
        case 4: script.append(.answer(WriteAnswer(status: 400, message: "no")))
        case 5: script.append(.takenUnheard)
        case 6: script.append(.answer(WriteAnswer(status: 503)))
        default: script.append(.unreachable)
        }
      }
      let unheard = script.count { if case .takenUnheard = $0 { true } else { false } }
      let transport = ScriptedTransport(script)
      var sender: Sender? = try sender(transport, disk, byteLimit: byteLimit, seed: seed)
      var last = 0
      for _ in 0..<80 {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<6:
          last += 1
          if let sender { await add(last, to: sender) }
        case 6..<11: _ = await sender?.deliverNext()
        default:
          await sender?.stop(within: .zero)
          sender = nil
          sender = try self.sender(transport, disk, byteLimit: byteLimit, seed: seed)
        }
      }
      let end = try #require(sender)
      while await end.deliverNext() != .nothing {}
      let taken = transport.taken.compactMap { Int($0.split(separator: " ").last ?? "") }
      #expect(taken == taken.sorted(), "seed \(seed)")
      let statistics = await end.statistics
      let counted = Int(statistics.droppedLines + statistics.refusedLines)
      // A line taken unheard may be dropped or refused when it is sent again.
      let lost = last - Set(taken).count
      #expect(counted >= lost && counted <= lost + unheard, "seed \(seed)")
      #expect(taken.count - Set(taken).count <= unheard, "seed \(seed)")
    }
  }
}

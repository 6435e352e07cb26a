import Logging
import Synchronization

/// Brings lines to the server: batched, compressed, in order, through a ``Spool``, again and again
/// until they are taken.
///
///     let sender = Sender(spool: spool, transport: transport, logger: logger)
///     await sender.start()
///     sender.add(writer.bytes)             // every interval; never waits
///     await sender.stop(within: .seconds(5))
///
/// Every batch is on disk before it is sent, and is removed after the server acknowledged it. What
/// is lost is counted in ``statistics`` and said in the log: the oldest batches where the spool is
/// full, lines the server can never take, damaged files. Lines younger than a batch
/// (``SenderSettings/batchAge``) are in memory only, and are lost where the process is killed.
public actor Sender {
  private let settings: SenderSettings
  private let spool: Spool
  private let transport: any Transport
  private let sleeper: any Sleeper
  private var random: any RandomNumberGenerator & Sendable
  private let logger: Logger
  private let lines: Mutex<LineBuffer>

  /// The oldest batch not on disk; there for longer than a moment only where the disk takes none.
  private var unspooled: Batch?
  private var isUnspooledInFlight = false
  private var diskIsFailing = false
  private var serverIsAway = false
  private var isStopping = false
  private var sentAndTried = SenderStatistics()
  private var loggedDrops: UInt64 = 0
  private var delivering: Task<Void, Never>?
  private var sealing: Task<Void, Never>?
  private var waiting: (task: Task<Void, Never>, endsWithWork: Bool)?

  public init(
    spool: sending Spool, transport: any Transport, settings: SenderSettings = SenderSettings(),
    sleeper: any Sleeper = ClockSleeper(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), logger: Logger
  ) {
    self.spool = spool
    self.transport = transport
    self.settings = settings
    self.sleeper = sleeper
    self.random = random
    self.logger = logger
    lines = Mutex(
      LineBuffer(batchBytes: settings.batchBytes, byteLimit: settings.memoryBytes))
    loggedDrops = spool.counts.droppedBatches
  }

  /// Takes whole lines of line protocol. Waits for neither disk nor network.
  public nonisolated func add(_ newLines: [UInt8]) {
    let isFull = lines.withLock {
      $0.add(newLines)
      return $0.hasFullBatch
    }
    if isFull { Task { await seal() } }
  }

  public var statistics: SenderStatistics {
    var result = sentAndTried
    let counts = spool.counts
    result.droppedBatches = counts.droppedBatches
    result.droppedLines = counts.droppedLines
    result.refusedBatches = counts.refusedBatches
    result.refusedLines = counts.refusedLines
    result.damagedBatches = counts.damagedBatches
    result.damagedLines = counts.damagedLines
    result.unwrittenLines = counts.unwrittenLines
    result.spooledBatches = spool.batchCount
    result.spooledBytes = spool.byteCount
    return result
  }

  /// Begins to send, what an earlier collector left first.
  public func start() {
    guard delivering == nil, !isStopping else { return }
    if spool.lostCounts {
      logger.warning("The spool's counts of losses were damaged: from 0 again")
    }
    if !spool.isEmpty {
      logger.notice("Sending what is spooled", metadata: ["batches": "\(spool.batchCount)"])
    }
    delivering = Task { await deliverAll() }
    let (sleeper, age) = (sleeper, settings.batchAge)
    sealing = Task {
      while (try? await sleeper.sleep(for: age)) != nil { seal() }
    }
  }

  /// Sends what there is until all is sent, the server is found away or `grace` has passed. The rest
  /// stays in the spool for the next collector.
  public func stop(within grace: Duration) async {
    isStopping = true
    sealing?.cancel()
    seal()
    waiting?.task.cancel()
    if let delivering {
      let sleeper = sleeper
      let watchdog = Task {
        if (try? await sleeper.sleep(for: grace)) != nil { delivering.cancel() }
      }
      await delivering.value
      watchdog.cancel()
    }
    seal()
    if let lost = unspooled {
      logger.error("The disk took no lines: lost", metadata: ["lines": "\(lost.lineCount)"])
    }
    if !spool.isEmpty {
      logger.notice("Left in the spool", metadata: ["batches": "\(spool.batchCount)"])
    }
  }

  /// Puts the lines there are into the spool.
  func seal() {
    guard !isUnspooledInFlight else { return }
    let dropped = lines.withLock { $0.takeDroppedLines() }
    if dropped > 0 {
      spool.countUnwritten(dropped)
      logger.error("The disk takes no lines: dropped", metadata: ["lines": "\(dropped)"])
    }
    while let batch = unspooled ?? nextBatch() {
      do {
        unspooled = batch
        try spool.append(batch)
        unspooled = nil
        diskIsFailing = false
      } catch {
        noteSpoolFailure(error)
        break
      }
    }
    noteDrops()
    if !spool.isEmpty || unspooled != nil, let waiting, waiting.endsWithWork {
      waiting.task.cancel()
    }
  }

  private func nextBatch() -> Batch? {
    while let chunk = lines.withLock({ $0.take() }) {
      if let body = GzipBody.compress(chunk.bytes) {
        return Batch(body: body, lineCount: chunk.lineCount)
      }
      spool.countUnwritten(chunk.lineCount)
      logger.error("No memory to compress: dropped", metadata: ["lines": "\(chunk.lineCount)"])
    }
    return nil
  }

  private func deliverAll() async {
    var backoff = Backoff(first: settings.firstWait, limit: settings.longestWait)
    while !Task.isCancelled {
      switch await deliverNext() {
      case .delivered: backoff.reset()
      case .nothing:
        if isStopping { return }
        await wait(for: Self.untilWork, endsWithWork: true)
      case .failed(let retryAfter):
        if isStopping { return }
        let wish = min(retryAfter ?? .zero, settings.longestRetryAfter)
        await wait(for: max(backoff.next(&random), wish), endsWithWork: false)
      }
    }
  }

  private static let untilWork: Duration = .seconds(24 * 3600)

  private func wait(for duration: Duration, endsWithWork: Bool) async {
    let sleeper = sleeper
    let task = Task { _ = try? await sleeper.sleep(for: duration) }
    waiting = (task, endsWithWork)
    await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    waiting = nil
  }

  enum Delivery: Hashable {
    case nothing
    /// The first batch is gone: the server took it, or never will.
    case delivered
    case failed(retryAfter: Duration?)
  }

  /// Sends the oldest batch once.
  func deliverNext() async -> Delivery {
    let spooled: Batch?
    do {
      spooled = try spool.first()
    } catch {
      noteSpoolFailure(error)
      return .failed(retryAfter: nil)
    }
    guard let batch = spooled ?? unspooled else { return .nothing }
    let isSpooled = spooled != nil
    spool.isFirstInFlight = isSpooled
    isUnspooledInFlight = !isSpooled
    defer {
      spool.isFirstInFlight = false
      isUnspooledInFlight = false
    }
    let answer: WriteAnswer
    do {
      answer = try await transport.send(batch.body)
    } catch {
      return noteFailure("\(error)", retryAfter: nil)
    }
    let ending: Spool.Ending
    switch answer.verdict {
    case .tryAgain:
      return noteFailure("\(answer.status) \(answer.message)", retryAfter: answer.retryAfter)
    case .accepted: ending = .acknowledged
    case .refused: ending = .refused
    case .partlyRefused(let lines): ending = .partlyRefused(lines: lines)
    }
    finish(batch, ending, answer, isSpooled: isSpooled)
    return .delivered
  }

  private func finish(
    _ batch: Batch, _ ending: Spool.Ending, _ answer: WriteAnswer, isSpooled: Bool
  ) {
    if isSpooled {
      do { try spool.removeFirst(ending) } catch { noteSpoolFailure(error) }
    } else {
      spool.count(ending, of: batch)
      unspooled = nil
    }
    if serverIsAway {
      serverIsAway = false
      logger.notice("The server answers", metadata: ["spooled": "\(spool.batchCount)"])
    }
    switch ending {
    case .acknowledged: countSent(batch, refused: 0)
    case .partlyRefused(let lines):
      countSent(batch, refused: lines)
      noteRefusal(of: batch, answer, "The server refused lines")
    case .refused: noteRefusal(of: batch, answer, "The server refused a batch")
    }
  }

  private func countSent(_ batch: Batch, refused: Int) {
    sentAndTried.sentBatches += 1
    sentAndTried.sentLines += max(0, batch.lineCount - refused)
    sentAndTried.sentBytes += batch.body.count
  }

  private func noteFailure(_ reason: String, retryAfter: Duration?) -> Delivery {
    sentAndTried.retries += 1
    // Said once an outage, not once an attempt.
    let level: Logger.Level = serverIsAway ? .debug : .warning
    serverIsAway = true
    logger.log(
      level: level, "Cannot send: trying again", metadata: ["reason": "\(reason.prefix(500))"])
    return .failed(retryAfter: retryAfter)
  }

  private func noteRefusal(of batch: Batch, _ answer: WriteAnswer, _ message: Logger.Message) {
    let start = GzipBody.start(of: batch.body, limit: 500) ?? []
    let sample = start.prefix { $0 != UInt8(ascii: "\n") }
    logger.warning(
      message,
      metadata: [
        "status": "\(answer.status)", "reason": "\(answer.message.prefix(1000))",
        "lines": "\(batch.lineCount)", "sample": "\(String(decoding: sample, as: UTF8.self))",
      ])
  }

  private func noteSpoolFailure(_ error: any Error) {
    sentAndTried.spoolFailures += 1
    let level: Logger.Level = diskIsFailing ? .debug : .error
    diskIsFailing = true
    logger.log(level: level, "The spool fails", metadata: ["reason": "\(error)"])
  }

  /// Says that batches were dropped at the first and whenever they have doubled, so that a server
  /// long away does not fill the log too.
  private func noteDrops() {
    let dropped = spool.counts.droppedBatches
    guard dropped > loggedDrops, loggedDrops == 0 || dropped / 2 >= loggedDrops else { return }
    loggedDrops = dropped
    logger.warning(
      "The spool is full: the oldest batches are dropped",
      metadata: ["batches": "\(dropped)", "lines": "\(spool.counts.droppedLines)"])
  }
}

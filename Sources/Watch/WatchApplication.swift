import Foundation
import Shell
import TimeSeries

/// The live view as a program, and the report: what `vigil-watch` does once its arguments are read.
public struct WatchApplication: Sendable {
  public var server: ServerAddress
  public var settings: WatchSettings
  public var allowsColor = true
  /// Ends after so many looks; nil: goes on until a signal.
  public var looks: Int?
  /// Seconds between two looks.
  public var every = 1

  public init(server: ServerAddress, settings: WatchSettings) {
    self.server = server
    self.settings = settings
  }

  private enum Event {
    case state(WatchState)
    case resized
    case end
  }

  /// Shows the view until it ends.
  ///
  /// - Returns: the exit status: 1 where the output fails, or where the server gave no answer at the
  ///   last look of a limited number; else 0, for signals as well, which are how one leaves.
  public func run() async -> Int32 {
    let output = StandardOutput(color: allowsColor)
    signal(SIGPIPE, SIG_IGN)
    do {
      let connection = try RemoteConnection(server)
      let status = await show(connection, output: output)
      try await connection.close()
      return status
    } catch {
      output.writeError("error: \(error)\n")
      return 1
    }
  }

  private func show(_ connection: RemoteConnection, output: StandardOutput) async -> Int32 {
    let (events, continuation) = AsyncStream<Event>.makeStream()
    let signals = ProcessSignals([SIGINT, SIGTERM, SIGHUP, SIGWINCH]) { number in
      continuation.yield(number == SIGWINCH ? .resized : .end)
    }
    let reading = Task {
      await read(connection) { continuation.yield(.state($0)) }
      continuation.yield(.end)
    }
    defer { reading.cancel() }
    let isDumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
    let screen = output.isTerminal && !isDumb ? Screen(output: output) : nil
    do {
      try screen?.enter()
      defer { try? screen?.leave() }
      let last = try await draw(events, screen: screen, output: output)
      return withExtendedLifetime(signals) { looks != nil && last?.problem != nil ? 1 : 0 }
    } catch is OutputClosed {
      return 0
    } catch {
      output.writeError("error: \(error)\n")
      return 1
    }
  }

  /// Looks again and again, at full multiples of `every` seconds, until cancelled.
  private func read(_ connection: RemoteConnection, publish: (WatchState) -> Void) async {
    let reader = WatchReader(
      runner: RemoteRunner(
        connection: connection, target: ShellTarget(database: settings.database)),
      settings: settings, place: "\(server.url) \(settings.database)")
    var last: WatchState?
    var look = 0
    while !Task.isCancelled, looks.map({ look < $0 }) ?? true {
      let state = await reader.read(at: Self.now(), after: last)
      guard !Task.isCancelled else { return }
      publish(state)
      last = state
      look += 1
      if look == looks { return }
      let period = Int64(max(1, every)) * 1_000_000_000
      try? await Task.sleep(for: .nanoseconds(period - Self.now() % period))
    }
  }

  /// Draws what comes until the end.
  ///
  /// - Returns: what was drawn last.
  private func draw(
    _ events: AsyncStream<Event>, screen: Screen?, output: StandardOutput
  ) async throws -> WatchState? {
    var last: WatchState?
    for await event in events {
      switch event {
      case .state(let state):
        last = state
        if screen == nil { try output.write(PlainLine.render(state) + "\n") }
      case .resized: break
      case .end: return last
      }
      if let screen, let last {
        try screen.draw(
          Frame(state: last, settings: settings, width: output.width - 1, height: output.height)
            .lines())
      }
    }
    return last
  }

  /// Prints the table of what became of the marks that have a container: faults injected on purpose.
  ///
  /// - Parameters:
  ///   - since: rows and marks from before do not count, nanoseconds since 1970.
  ///   - aftermath: seconds after a fault in which its container's rows do not count.
  /// - Returns: the exit status, 1 where the server gives no answer.
  public func report(since: Int64, aftermath: Int) async -> Int32 {
    let output = StandardOutput(color: allowsColor)
    do {
      let connection = try RemoteConnection(server)
      let runner = RemoteRunner(
        connection: connection, target: ShellTarget(database: settings.database))
      let report = try await FaultReport(
        read: runner, settings: settings, since: since, aftermath: aftermath)
      try await connection.close()
      let lines = FaultTable.render(report, group: settings.group)
      try output.write(lines.joined(separator: "\n") + "\n")
      return 0
    } catch is OutputClosed {
      return 0
    } catch {
      output.writeError("error: \(error)\n")
      return 1
    }
  }

  private static func now() -> Timestamp {
    Timestamp(Date().timeIntervalSince1970 * 1e9)
  }
}

extension FaultReport {
  init(
    read runner: some StatementRunner, settings: WatchSettings, since: Timestamp, aftermath: Int
  ) async throws {
    let queries = WatchQueries(settings: settings)
    var marks: [Mark] = []
    if let statement = queries.marks {
      marks = WatchReader.marks(try await runner.series(statement), group: settings.group)
    }
    var health: [String: [Health]] = [:]
    for series in try await runner.series(queries.healthRows(from: since)) {
      guard let name = series.tag(settings.group) else { continue }
      health[name] = series.rows.compactMap(Health.init)
    }
    self.init(
      faults: marks.filter { $0.from >= since }, health: health,
      interval: Int64(settings.interval) * 1_000_000_000,
      aftermath: Int64(aftermath) * 1_000_000_000)
  }
}

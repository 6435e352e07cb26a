import Query
import Synchronization
import TimeSeries

/// What became of a command.
enum ShellOutcome: Sendable, Equatable {
  case done
  case failed
  case cancelled
  /// The user asked to leave.
  case quit
  /// Nobody reads the output any more.
  case outputClosed
}

/// Carries out commands, one after the other, with the settings that they change.
actor ShellSession {
  private let connection: any ShellConnection
  private let output: any ShellOutput
  private var settings: ShellSettings
  /// Tables were written: an empty line keeps the next ones apart.
  private var hasTables = false

  init(connection: any ShellConnection, output: any ShellOutput, settings: ShellSettings) {
    self.connection = connection
    self.output = output
    self.settings = settings
  }

  var target: ShellTarget? { settings.target }

  /// Runs the body of a piece of input. Errors are shown, not thrown.
  ///
  /// - Parameter location: where the piece stands, put before errors.
  func run(_ body: String, location: String? = nil) async -> ShellOutcome {
    let started = ContinuousClock.now
    do {
      let command = try ShellCommand(body)
      if command == .quit { return .quit }
      try await carryOut(command)
    } catch is OutputClosed {
      return .outputClosed
    } catch {
      if Task.isCancelled || error is CancellationError {
        output.writeError("cancelled\n")
        return .cancelled
      }
      let text = (error as? StatementFailure)?.message ?? String(describing: error)
      let statement = (error as? StatementFailure)?.statement
      output.writeError(ErrorReport.render(text, statement: statement, location: location))
      return .failed
    }
    if settings.showsTiming {
      let elapsed = started.duration(to: .now) / .milliseconds(1)
      output.writeError("Time: \(ProgressLine.milliseconds(elapsed)) ms\n")
    }
    return .done
  }

  private func carryOut(_ command: ShellCommand) async throws {
    switch command {
    case .statement(let text): try await show(text)
    case .use(let target): try await use(target)
    case .insert(let line, let policy):
      var target = try requireTarget()
      target.retentionPolicy = policy ?? target.retentionPolicy
      try await connection.write(
        line: line, to: target, precision: settings.times.writePrecision)
    case .help: try output.write(HelpText.text)
    case .quit: break
    case .setFormat(let format):
      if let format { settings.format = format }
      try acknowledge("format \(settings.format.rawValue)")
    case .setPrecision(let times):
      if let times { settings.times = times }
      try acknowledge("precision \(settings.times.name)")
    case .setTiming(let isOn):
      settings.showsTiming = isOn ?? !settings.showsTiming
      try acknowledge("timing \(settings.showsTiming ? "on" : "off")")
    case .setPretty(let isOn):
      settings.isPretty = isOn ?? !settings.isPretty
      try acknowledge("pretty \(settings.isPretty ? "on" : "off")")
    case .plot(let select, let isLogarithmic): try await plot(select, isLogarithmic)
    case .watch(let seconds, let command): try await watch(command, every: seconds)
    case .exportModel(let name, let path):
      let target = try requireTarget()
      // Before the server is asked: most mistakes are found here.
      try ModelFile.requireFree(path)
      let bytes = try await connection.exportModel(name, from: target)
      try ModelFile.write(bytes, to: path)
      try acknowledge("\(bytes.count) bytes in \(path)")
    case .importModel(let path, let name):
      let target = try requireTarget()
      let model = try await connection.importModel(
        ModelFile.read(path), as: name, into: target)
      try acknowledge("model \(model.name), version \(model.version)")
    }
  }

  /// The shell's own answers are for people: scripts get data alone.
  private func acknowledge(_ text: String) throws {
    if settings.isInteractive { try output.write(text + "\n") }
  }

  private func requireTarget() throws -> ShellTarget {
    guard let target = settings.target else {
      throw ShellUsageError(description: "no database: USE one, or start with --database")
    }
    return target
  }

  private func use(_ target: ShellTarget) async throws {
    let result = try await collect("SHOW DATABASES")
    let names = result.series.flatMap(\.rowsByName).compactMap { $0["name"] }
    guard names.contains(.string(target.database)) else {
      throw ShellUsageError(description: "database not found: \(target.database)")
    }
    settings.target = target
    try acknowledge("database \(target.database)")
  }

  /// Runs a statement and writes its results.
  private func show(_ statement: String) async throws {
    let printer = Mutex(
      ResultPrinter(
        format: settings.format, times: settings.times, isPretty: settings.isPretty,
        output: output, followsTables: hasTables && !settings.isInteractive))
    let failure = await errorOf {
      try await self.submit(statement) { result in
        try printer.withLock { try $0.add(result) }
      }
    }
    // Nobody waits for what a cancelled statement gave so far; what came before a failure is shown.
    try Task.checkCancellation()
    let (error, hasOutput) = try printer.withLock { printer in
      try printer.finish()
      return (printer.error, printer.hasOutput)
    }
    if hasOutput { hasTables = settings.format == .table }
    if let failure { throw failure }
    if let error { throw StatementFailure(message: error, statement: statement) }
    if !hasOutput, settings.format == .table {
      let verb = statement.prefix { $0.isLetter }.lowercased()
      try acknowledge(["select", "show", "explain"].contains(verb) ? "(no rows)" : "ok")
    }
  }

  /// Runs a statement and gives its whole result. Throws ``StatementFailure`` where it failed.
  private func collect(_ statement: String) async throws -> StatementResult {
    let merger = Mutex(ResultMerger())
    try await submit(statement) { result in merger.withLock { $0.add(result) } }
    let result = merger.withLock { $0.result } ?? StatementResult(statementID: 0)
    if let error = result.error { throw StatementFailure(message: error, statement: statement) }
    return result
  }

  private func submit(
    _ statement: String, deliver: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    let started = ContinuousClock.now
    let reporter = ProgressReporter(output: output) { started.duration(to: .now) / .seconds(1) }
    defer { reporter.finish() }
    do {
      try await connection.run(
        statement, target: settings.target, progress: reporter.report, deliver: deliver)
      try Task.checkCancellation()
    } catch let error where !(error is OutputClosed || error is CancellationError) {
      throw StatementFailure(message: String(describing: error), statement: statement)
    }
  }

  private func errorOf(_ operation: () async throws -> Void) async -> (any Error)? {
    do {
      try await operation()
      return nil
    } catch {
      return error
    }
  }

  private func plot(_ select: String, _ isLogarithmic: Bool) async throws {
    let result = try await collect(select)
    guard !result.series.isEmpty else {
      try output.write("(no rows)\n")
      return
    }
    var renderer = PlotRenderer()
    renderer.width = output.isTerminal ? output.width : 100
    // Besides the curves there are up to six rows, and the prompt.
    renderer.height = output.isTerminal ? min(16, max(4, output.height - 8)) : 16
    renderer.isLogarithmic = isLogarithmic
    renderer.isColored = output.hasColor
    let plots = try result.series.map { renderer.render(try PlotData($0)) }
    try output.write(plots.joined(separator: "\n"))
  }

  private func watch(_ command: ShellCommand, every seconds: Double) async throws {
    guard command != .quit else { return }
    if case .watch = command { throw ShellUsageError(description: "\\watch within \\watch") }
    // To the top left, and clear from there.
    let clear = output.isTerminal ? "\u{1b}[H\u{1b}[2J" : "\n"
    var isFirst = true
    while true {
      if output.isTerminal || !isFirst { try output.write(clear) }
      isFirst = false
      try await carryOut(command)
      try await Task.sleep(for: .seconds(seconds))
    }
  }

  /// The names to complete; what cannot be had is left out.
  func names() async -> Completer {
    func column(_ name: String, of statement: String) async -> [String] {
      guard let result = try? await collect(statement) else { return [] }
      let values = result.series.flatMap(\.rowsByName).compactMap { $0[name] }
      return values.prefix(Self.completedNames).compactMap {
        if case .string(let text) = $0 { text } else { nil }
      }
    }
    var completer = Completer()
    completer.databases = await column("name", of: "SHOW DATABASES")
    if settings.target != nil {
      completer.measurements = await column("name", of: "SHOW MEASUREMENTS")
      completer.columns =
        await column("fieldKey", of: "SHOW FIELD KEYS") + column("tagKey", of: "SHOW TAG KEYS")
    }
    return completer
  }

  /// Names of a kind that are completed at most.
  private static let completedNames = 5000
}

/// A statement that failed, with its text, under which the position can be marked.
struct StatementFailure: Error {
  var message: String
  var statement: String
}

/// What the shell's commands change.
public struct ShellSettings: Sendable {
  public var target: ShellTarget?
  public var format = OutputFormat.table
  public var times = TimeDisplay.rfc3339
  public var isPretty = false
  public var showsTiming = false
  /// A person types and reads.
  public var isInteractive = false

  public init() {}
}

import Foundation

/// The shell as a program: what `tsql` does once its arguments are read.
public struct ShellApplication: Sendable {
  public enum Place: Sendable {
    /// A data directory, opened in this process.
    case directory(String)
    case server(ServerAddress)
  }

  public var place: Place
  public var settings = ShellSettings()
  /// Run in this order, before the script.
  public var statements: [String] = []
  public var scriptPath: String?
  public var keepsGoing = false
  public var allowsColor = true

  public init(place: Place) { self.place = place }

  /// Runs to the end.
  ///
  /// - Returns: the exit status: 0, 1 for a failed statement or connection, 130 for Ctrl-C.
  public func run() async -> Int32 {
    let output = StandardOutput(color: allowsColor)
    // Whoever reads our output may leave before its end; a failing write tells us.
    signal(SIGPIPE, SIG_IGN)
    do {
      // Read first: a missing script is to be noticed before anything is opened.
      let script = try scriptPath.map(Self.read)
      let connection = try connect()
      let status = await run(connection, script: script, output: output)
      do {
        try await connection.close()
      } catch {
        output.writeError(ErrorReport.render(String(describing: error), statement: nil))
        return max(status, 1)
      }
      return status
    } catch {
      output.writeError(ErrorReport.render(String(describing: error), statement: nil))
      return 1
    }
  }

  private static func read(_ path: String) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ConnectionError(description: "cannot read the script \(path)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func connect() throws -> any ShellConnection {
    switch place {
    case .directory(let path): try EmbeddedConnection(path: path)
    case .server(let address): RemoteConnection(transport: try HTTPTransport(address))
    }
  }

  private func run(
    _ connection: any ShellConnection, script: String?, output: StandardOutput
  ) async -> Int32 {
    let interrupts = Interrupts()
    var settings = settings
    settings.isInteractive =
      statements.isEmpty && script == nil && isatty(STDIN_FILENO) == 1
    let session = ShellSession(connection: connection, output: output, settings: settings)
    if settings.isInteractive {
      do {
        try output.write("\(try await connection.describe())\nType \\help for help.\n")
      } catch {
        output.writeError(ErrorReport.render(String(describing: error), statement: nil))
        return 1
      }
      await InteractiveLoop(
        session: session, reader: LineEditor(), output: output, interrupts: interrupts
      ).run()
      return 0
    }

    let runner = ScriptRunner(session: session, interrupts: interrupts, keepsGoing: keepsGoing)
    var texts = statements.map { (text: $0, name: String?.none) }
    if let script { texts.append((script, scriptPath)) }
    if texts.isEmpty { texts.append((Self.standardInput(), "standard input")) }
    var status: Int32 = 0
    for (text, name) in texts {
      switch await runner.run(text, name: name) {
      case .done: continue
      case .failed:
        status = 1
        if !keepsGoing { return status }
      case .cancelled: return 130
      case .quit, .outputClosed: return status
      }
    }
    return status
  }

  private static func standardInput() -> String {
    String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
  }
}

/// Reads lines, runs statements as they become complete, until the user leaves.
struct InteractiveLoop {
  let session: ShellSession
  let reader: any LineReader
  let output: any ShellOutput
  let interrupts: Interrupts?

  func run() async {
    await refreshNames()
    var pending = ""
    while true {
      let name = await session.target?.database
      switch await reader.read(prompt: Self.prompt(name, continues: !pending.isEmpty)) {
      case .end:
        try? output.write("\n")
        return
      case .interrupted:
        try? output.write("^C\n")
        pending = ""
      case .line(let line):
        guard await take(line, &pending) else { return }
      }
    }
  }

  /// `metrics> `, and as wide for the lines that follow: `      -> `.
  static func prompt(_ database: String?, continues: Bool) -> String {
    let prompt = DisplayWidth.truncate(DisplayWidth.printable(database ?? "tsql"), to: 24) + "> "
    return continues ? DisplayWidth.pad("-> ", to: DisplayWidth.of(prompt), .right) : prompt
  }

  /// Runs what `line` completes. False where the user leaves.
  private func take(_ line: String, _ pending: inout String) async -> Bool {
    // Blanks alone end a statement.
    let isEnd = line.allSatisfy(\.isWhitespace)
    let text = pending + line + "\n"
    pending = ""
    var pieces = StatementSplitter.split(text)
    if !isEnd, let last = pieces.last, !last.isComplete {
      pending = last.source
      pieces.removeLast()
    }
    pieces.removeAll { $0.body.isEmpty }
    guard !pieces.isEmpty else { return true }
    await remember(text, without: pending)

    let before = await session.target
    for piece in pieces {
      switch await run(piece.body) {
      case .done: continue
      case .failed, .cancelled: return true
      case .quit, .outputClosed: return false
      }
    }
    if await session.target != before { await refreshNames() }
    return true
  }

  private func run(_ body: String) async -> ShellOutcome {
    guard let interrupts else { return await session.run(body) }
    return await interrupts.guarding { [session] in await session.run(body) }
  }

  /// Keeps a statement for the arrow keys, in one line where comments do not forbid it. Secrets are
  /// not kept.
  private func remember(_ text: String, without rest: String) async {
    var entered = String(text.utf8.dropLast(rest.utf8.count)) ?? text
    entered.trimPrefix(while: \.isWhitespace)
    while entered.last?.isWhitespace == true { entered.removeLast() }
    guard !entered.lowercased().contains("password") else { return }
    if !entered.contains("--") { entered = entered.replacing("\n", with: " ") }
    await reader.remember(entered)
  }

  /// In the background: the prompt does not wait for it.
  private func refreshNames() async {
    Task { [session, reader] in reader.setCompleter(await session.names()) }
  }
}

import CEditLine
import Dispatch
import Foundation
import Synchronization

/// What a reader of lines got.
enum InputLine: Sendable, Equatable {
  case line(String)
  /// Ctrl-C: what was typed does not count.
  case interrupted
  case end
}

/// Where the interactive shell gets its lines from.
protocol LineReader: Sendable {
  func read(prompt: String) async -> InputLine
  func remember(_ statement: String) async
  func setCompleter(_ completer: Completer)
}

/// Reads from the terminal through libedit: editing, history and completion.
final class LineEditor: LineReader {
  /// libedit is made of global state: all of it is touched on this queue alone.
  private let queue = DispatchQueue(label: "tsql.editor")
  private let historyPath: String?

  private static let historyLength: Int32 = 2000

  /// - Parameter historyPath: nil for a history that is forgotten.
  init(historyPath: String? = LineEditor.defaultHistoryPath()) {
    self.historyPath = historyPath
    queue.sync {
      // Without a locale of UTF-8 libedit would take letters apart.
      setlocale(LC_CTYPE, "")
      if mblen("é", 2) != 2 { setlocale(LC_CTYPE, "C.UTF-8") }
      vigil_edit_configure { word, start, _ in completeWord(word, start) }
      stifle_history(Self.historyLength)
      if let historyPath { read_history(historyPath) }
    }
  }

  func read(prompt: String) async -> InputLine {
    await withCheckedContinuation { continuation in
      queue.async {
        guard let bytes = vigil_edit_read(prompt) else {
          continuation.resume(returning: vigil_edit_interrupted() != 0 ? .interrupted : .end)
          return
        }
        defer { free(bytes) }
        continuation.resume(returning: .line(String(cString: bytes)))
      }
    }
  }

  func remember(_ statement: String) async {
    await withCheckedContinuation { continuation in
      queue.async { [historyPath] in
        add_history(statement)
        if let historyPath { Self.save(to: historyPath) }
        continuation.resume()
      }
    }
  }

  func setCompleter(_ completer: Completer) {
    completion.withLock { $0.completer = completer }
  }

  /// `$XDG_STATE_HOME/vigil/history`, by default under `~/.local/state`; nil without a home.
  static func defaultHistoryPath(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      return state + "/vigil/history"
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.local/state/vigil/history"
  }

  /// Readable by its owner alone. A history that cannot be written is no reason to complain.
  private static func save(to path: String) {
    let directory = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(
        atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    write_history(path)
  }
}

/// libedit's callbacks carry no context of ours, so it stands here.
private let completion = Mutex(CompletionState())

private struct CompletionState {
  var completer = Completer()
  var candidates: [String] = []
}

private func completeWord(
  _ word: UnsafePointer<CChar>?, _ start: Int32
) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
  guard let word, let line = vigil_edit_line() else { return nil }
  let before = String(decoding: String(cString: line).utf8.prefix(Int(start)), as: UTF8.self)
  let text = String(cString: word)
  completion.withLock { $0.candidates = $0.completer.candidates(for: text, after: before) }
  vigil_edit_finish_completion()
  // Called with 0, then with growing numbers, until it returns null; libedit frees the strings.
  return rl_completion_matches(word) { _, index in
    completion.withLock { state in
      state.candidates.indices.contains(Int(index)) ? strdup(state.candidates[Int(index)]) : nil
    }
  }
}

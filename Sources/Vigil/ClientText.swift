import Storage

extension StorageEngine {
  /// A text for clients that the place of the directory does not concern: names of its files in the
  /// text become relative to it.
  func clientText(_ text: String) -> String {
    let text = ["databases", "LOCK"].reduce(text) { text, name in
      text.replacing(directory.appending(name).string, with: name)
    }
    // The directory itself, in an error that it is gone.
    let own = directory.string
    return text == own || text.hasPrefix(own + ":") ? "data" + text.dropFirst(own.count) : text
  }
}

extension Database {
  /// An error as a text for clients elsewhere: names of files are relative to the directory.
  public func clientText(_ text: String) -> String { engine.clientText(text) }
}

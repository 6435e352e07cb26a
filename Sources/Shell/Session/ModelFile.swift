import Foundation

/// Files that models are exported to and imported from.
enum ModelFile {
  static func read(_ path: String) throws -> [UInt8] {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ShellUsageError(description: "cannot read \(path)")
    }
    return Array(bytes)
  }

  static func requireFree(_ path: String) throws {
    if (try? FileManager.default.attributesOfItem(atPath: path)) != nil {
      throw ShellUsageError(description: "\(path) is there already")
    }
  }

  /// Makes a file whole or not at all, and never in place of another.
  static func write(_ bytes: [UInt8], to path: String) throws {
    try requireFree(path)
    let temporary = path + ".new-" + UUID().uuidString
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: temporary), options: .withoutOverwriting)
      // Refuses a file that is there, as one that came after the look above.
      try FileManager.default.moveItem(atPath: temporary, toPath: path)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      try requireFree(path)
      throw ShellUsageError(description: "cannot write \(path): \(error.localizedDescription)")
    }
  }
}

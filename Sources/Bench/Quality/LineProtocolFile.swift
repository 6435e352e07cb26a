import Foundation

/// A file of line protocol, plain or gzip.
enum LineProtocolFile {
  /// The bytes; those of a name that ends in .gz are decompressed by the program gzip.
  static func read(_ url: URL) throws -> Data {
    guard url.pathExtension == "gz" else { return try Data(contentsOf: url) }
    guard FileManager.default.isReadableFile(atPath: url.path) else {
      throw BenchError(description: "\(url.path) is not readable")
    }
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", "--", url.path]
    let output = Pipe()
    gzip.standardOutput = output
    try gzip.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    guard gzip.terminationStatus == 0 else {
      throw BenchError(description: "gzip cannot read \(url.path)")
    }
    return bytes
  }
}

/// What a program has written to standard error: the last lines of it.
struct Complaints: Sendable, Hashable {
  private static let limit = 8192
  private var bytes: [UInt8] = []

  mutating func append(_ more: ArraySlice<UInt8>) {
    bytes.append(contentsOf: more)
    if bytes.count > Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
  }

  var lines: [String] {
    bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      // Said by bpftrace at each start where locked memory is not limited that way; harmless.
      .filter { !$0.contains("couldn't set RLIMIT_MEMLOCK") && $0.contains { !$0.isWhitespace } }
  }

  /// The line that says why the program ended: the last that calls itself an error, as bpftrace
  /// goes on to show the place in its program; else the last.
  var reason: String? {
    let lines = lines
    return lines.last { $0.contains("ERROR:") } ?? lines.last
  }
}

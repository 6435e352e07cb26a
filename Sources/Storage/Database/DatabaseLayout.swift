import SystemPackage

/// Where the files of one database are.
struct DatabaseLayout: Sendable {
  let root: FilePath

  var manifest: FilePath { root.appending("MANIFEST") }
  var manifestCopy: FilePath { root.appending("MANIFEST.copy") }
  var series: FilePath { root.appending("SERIES") }
  var seriesReplacement: FilePath { root.appending("SERIES.new") }
  var walDirectory: FilePath { root.appending("wal") }
  var segmentDirectory: FilePath { root.appending("segments") }
  /// Where a repair moves what is damaged.
  var setAsideDirectory: FilePath { root.appending("set-aside") }
  var filesDirectory: FilePath { root.appending("files") }

  func wal(_ number: UInt64) -> FilePath {
    walDirectory.appending(Self.hexadecimal(number) + ".wal")
  }

  func segment(_ name: SegmentName) -> FilePath { segmentDirectory.appending(name.fileName) }

  static func walNumber(_ fileName: String) -> UInt64? {
    guard fileName.hasSuffix(".wal") else { return nil }
    return number(fileName.dropLast(4), digits: 16)
  }

  static func hexadecimal(_ value: some FixedWidthInteger, digits: Int = 16) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Nil above 63 bits: the store gives no such number, and the next one is always one more.
  static func number(_ text: some StringProtocol, digits: Int) -> UInt64? {
    guard text.utf8.count == digits else { return nil }
    return Int64(text, radix: 16).flatMap(UInt64.init(exactly:))
  }
}

/// A segment file's name says what a lost manifest would have to: the order of writing and the
/// retention policy. `sequence-number-policy.seg`, hexadecimal, 16, 16 and 8 digits.
struct SegmentName: Sendable, Hashable {
  /// Of two segments that hold the same row, the one with the larger sequence was written later.
  var sequence: UInt64
  /// Tells files of one sequence apart.
  var number: UInt64
  var policy: UInt32

  var fileName: String {
    [
      DatabaseLayout.hexadecimal(sequence), DatabaseLayout.hexadecimal(number),
      DatabaseLayout.hexadecimal(policy, digits: 8),
    ].joined(separator: "-") + ".seg"
  }

  init(sequence: UInt64, number: UInt64, policy: UInt32) {
    self.sequence = sequence
    self.number = number
    self.policy = policy
  }

  init?(fileName: String) {
    guard fileName.hasSuffix(".seg") else { return nil }
    let parts = fileName.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, let sequence = DatabaseLayout.number(parts[0], digits: 16),
      let number = DatabaseLayout.number(parts[1], digits: 16),
      let policy = DatabaseLayout.number(parts[2], digits: 8)
    else { return nil }
    self.init(sequence: sequence, number: number, policy: UInt32(truncatingIfNeeded: policy))
  }
}

extension SegmentName: Comparable {
  /// By sequence, so that of two values the later one stands; the rest only makes the order total.
  static func < (a: SegmentName, b: SegmentName) -> Bool {
    (a.sequence, a.number, a.policy) < (b.sequence, b.number, b.policy)
  }
}

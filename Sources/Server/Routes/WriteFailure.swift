import TimeSeries

/// What is said of a write that was not taken in whole, in InfluxDB's words.
struct WriteFailure: Hashable {
  let message: String

  /// Nil where everything was taken in.
  init?(_ outcome: WriteOutcome) {
    guard !outcome.rejections.isEmpty else { return nil }
    var unparsed: [String] = []
    var unparsedBytes = 0
    var firstDropped: PointRejection?
    var dropped = 0
    var unsaid = outcome.unlistedLines
    for rejection in outcome.rejections {
      guard case .malformed = rejection.reason else {
        firstDropped = firstDropped ?? rejection.reason
        dropped += 1
        continue
      }
      guard unparsedBytes < Self.byteLimit else {
        unsaid += 1
        continue
      }
      let text = Self.shortened(rejection.reason.description)
      unparsed.append(text)
      unparsedBytes += text.utf8.count
    }
    if unsaid > 0 { unparsed.append("and \(unsaid) more lines") }
    if let firstDropped {
      message = "partial write: \(firstDropped) dropped=\(dropped)"
    } else if outcome.acceptedPoints > 0 {
      message = "partial write: \(unparsed.joined(separator: "\n")) dropped=0"
    } else {
      message = unparsed.joined(separator: "\n")
    }
  }

  /// InfluxDB repeats every line it cannot read, however many and long; here about this much is
  /// said of all, and this much of one.
  private static let byteLimit = 64 << 10
  private static let lineByteLimit = 4 << 10

  private static func shortened(_ text: String) -> String {
    guard text.utf8.count > lineByteLimit else { return text }
    let half = lineByteLimit / 2
    return "\(String(decoding: text.utf8.prefix(half), as: UTF8.self))…"
      + String(decoding: text.utf8.suffix(half), as: UTF8.self)
  }
}

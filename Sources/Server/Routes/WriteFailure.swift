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
      let text = rejection.reason.description.excerpt(bytes: Self.lineByteLimit)
      unparsed.append(text)
      unparsedBytes += text.utf8.count
    }
    if unsaid > 0 { unparsed.append("and \(unsaid) more lines") }
    if let firstDropped {
      let reason = "\(firstDropped)".excerpt(bytes: Self.lineByteLimit)
      message = "partial write: \(reason) dropped=\(dropped)"
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
}

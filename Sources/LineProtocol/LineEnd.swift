extension Body {
  /// The line feed that ends the line which begins at `start` (`count` where none does), found
  /// without asking whether the line is good: line feeds in quoted strings and escaped ones do not
  /// end it. For a good line it is the one the parser arrives at.
  func lineFeed(endingLineAt start: Int) -> Int {
    var hasLineFeed = false
    guard let keyEnd = seriesKeyEnd(from: start, hasLineFeed: &hasLineFeed) else {
      return lineFeed(endingKeyAt: start)
    }
    var isQuoted = false
    var equals = 0
    var commas = 0
    var position = keyEnd
    while position < count {
      switch self[position] {
      case UInt8(ascii: "\\") where position + 2 < count: position += 1
      case UInt8(ascii: "=") where !isQuoted: equals += 1
      case UInt8(ascii: ",") where !isQuoted: commas += 1
      case UInt8(ascii: "\"") where equals > commas: isQuoted.toggle()
      case UInt8(ascii: "\n") where !isQuoted: return position
      default: break
      }
      position += 1
    }
    return count
  }

  private func lineFeed(endingKeyAt start: Int) -> Int {
    var position = start
    while position < count {
      if self[position] == UInt8(ascii: "\n"), !isEscapedLineFeed(position, from: start) {
        return position
      }
      position += 1
    }
    return count
  }
}

import TimeSeries

/// Why a query text is not one, in InfluxDB's words.
public struct ParseError: Error, Hashable, CustomStringConvertible {
  /// `found X, expected Y at line 1, char 15`, complete with the position.
  public let message: String
  /// From 1.
  public let line: Int
  /// From 1, in Unicode scalars.
  public let character: Int

  public var description: String { message }

  /// The message as InfluxDB's HTTP API gives it.
  public var serverMessage: String { "error parsing query: " + message }

  /// Bytes of a message.
  private static let messageLimit = 1024

  init(_ reason: String, at position: Position) {
    self.init(message: "\(reason) at \(position)", at: position)
  }

  /// For a message that has its position in the middle.
  init(message: String, at position: Position) {
    // The text quotes the statement; the position is at its end.
    self.message = message.excerpt(bytes: Self.messageLimit)
    line = position.line + 1
    character = position.character + 1
  }
}

/// Where in a text; both count from 0, lines and Unicode scalars in the line.
struct Position: Hashable, CustomStringConvertible {
  var line = 0
  var character = 0

  var description: String { "line \(line + 1), char \(character + 1)" }
}

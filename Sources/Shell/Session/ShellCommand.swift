import TimeSeries

/// What a piece of input asks for.
indirect enum ShellCommand: Equatable, Sendable {
  case statement(String)
  case use(ShellTarget)
  /// `line` is one line of line protocol.
  case insert(line: String, retentionPolicy: String?)
  case help
  case quit
  case setFormat(OutputFormat?)
  case setPrecision(TimeDisplay?)
  /// Nil turns to the other state.
  case setTiming(Bool?)
  case setPretty(Bool?)
  case plot(select: String, logarithmic: Bool)
  case watch(seconds: Double, ShellCommand)
  case exportModel(name: String, path: String)
  /// A `name` of nil is the one in the file.
  case importModel(path: String, name: String?)
}

/// Where statements that name no database go.
public struct ShellTarget: Sendable, Hashable {
  public var database: String
  public var retentionPolicy: String?

  public init(database: String, retentionPolicy: String? = nil) {
    self.database = database
    self.retentionPolicy = retentionPolicy
  }
}

public enum OutputFormat: String, Sendable, CaseIterable {
  case table, csv, json
}

/// A command that the shell itself could not make sense of.
struct ShellUsageError: Error, Equatable, CustomStringConvertible {
  var description: String
}

extension ShellCommand {
  /// Reads the body of a piece, which is not empty. Throws ``ShellUsageError``.
  init(_ body: String) throws {
    if body.hasPrefix("\\") {
      self = try Self.backslash(String(body.dropFirst()))
      return
    }
    let (word, rest) = Self.cut(body)
    switch word.lowercased() {
    case "use": self = .use(try Self.target(rest))
    case "insert": self = try Self.insertion(rest)
    case "exit", "quit":
      guard rest.isEmpty else { fallthrough }
      self = .quit
    case "help":
      guard rest.isEmpty else { fallthrough }
      self = .help
    default: self = .statement(body)
    }
  }

  private static func backslash(_ text: String) throws -> ShellCommand {
    let (name, argument) = cut(text)
    func argumentWithoutEnd() -> String {
      var argument = argument
      while let last = argument.last, last == ";" || last.isWhitespace { argument.removeLast() }
      return argument
    }
    let value = argumentWithoutEnd()
    switch name.lowercased() {
    case "help", "h", "?": return .help
    case "quit", "q", "exit": return .quit
    case "use", "c": return .use(try target(value))
    case "databases", "l": return .statement("SHOW DATABASES")
    case "measurements", "d": return .statement("SHOW MEASUREMENTS")
    case "models": return .statement("SHOW MODELS")
    case "format":
      guard !value.isEmpty else { return .setFormat(nil) }
      guard let format = OutputFormat(rawValue: value.lowercased()) else {
        throw ShellUsageError(description: "\\format table|csv|json, not \(value)")
      }
      return .setFormat(format)
    case "precision":
      guard !value.isEmpty else { return .setPrecision(nil) }
      guard let display = TimeDisplay(value) else {
        throw ShellUsageError(description: "\\precision rfc3339|h|m|s|ms|u|ns, not \(value)")
      }
      return .setPrecision(display)
    case "timing": return .setTiming(try toggle(value, of: "\\timing"))
    case "pretty": return .setPretty(try toggle(value, of: "\\pretty"))
    case "plot":
      let (word, rest) = cut(value)
      let isLogarithmic = word.lowercased() == "log"
      let select = isLogarithmic ? rest : value
      guard !select.isEmpty else {
        throw ShellUsageError(description: "\\plot [log] SELECT …")
      }
      return .plot(select: select, logarithmic: isLogarithmic)
    case "watch":
      let (word, rest) = cut(value)
      guard let seconds = Double(word), seconds >= 0.1, seconds <= 86_400, !rest.isEmpty else {
        throw ShellUsageError(
          description: "\\watch SECONDS STATEMENT, with 0.1 to 86400 seconds")
      }
      return .watch(seconds: seconds, try ShellCommand(rest))
    case "export":
      var rest = Substring(value)
      guard let name = word(&rest), let path = word(&rest), rest.isEmpty else {
        throw ShellUsageError(description: "\\export MODEL FILE")
      }
      return .exportModel(name: name, path: path)
    case "import":
      var rest = Substring(value)
      let usage = ShellUsageError(description: "\\import FILE [MODEL]")
      guard let path = word(&rest) else { throw usage }
      if rest.isEmpty { return .importModel(path: path, name: nil) }
      guard let name = word(&rest), rest.isEmpty else { throw usage }
      return .importModel(path: path, name: name)
    default: throw ShellUsageError(description: "unknown command \\\(name); \\help lists them")
    }
  }

  private static func toggle(_ value: String, of command: String) throws -> Bool? {
    switch value.lowercased() {
    case "": return nil
    case "on": return true
    case "off": return false
    default: throw ShellUsageError(description: "\(command) [on|off], not \(value)")
    }
  }

  /// `db`, `"my db"`, `db.policy`.
  private static func target(_ text: String) throws -> ShellTarget {
    var rest = Substring(text)
    guard let database = identifier(&rest), !database.isEmpty else {
      throw ShellUsageError(description: "USE needs the name of a database")
    }
    if rest.isEmpty { return ShellTarget(database: database) }
    guard rest.removeFirst() == ".", let policy = identifier(&rest), !policy.isEmpty, rest.isEmpty
    else { throw ShellUsageError(description: "USE DATABASE[.POLICY], not \(text)") }
    return ShellTarget(database: database, retentionPolicy: policy)
  }

  private static func insertion(_ text: String) throws -> ShellCommand {
    var line = text
    var policy: String?
    let (word, rest) = cut(text)
    if word.lowercased() == "into" {
      var remaining = Substring(rest)
      guard let name = identifier(&remaining), !name.isEmpty, remaining.first?.isWhitespace == true
      else {
        throw ShellUsageError(
          description: "INSERT INTO POLICY MEASUREMENT[,TAG=V…] FIELD=V[,…] [TIME]")
      }
      policy = name
      line = String(remaining.drop(while: \.isWhitespace))
    }
    guard !line.isEmpty else {
      throw ShellUsageError(
        description: "INSERT MEASUREMENT[,TAG=V…] FIELD=V[,…] [TIME]")
    }
    return .insert(line: line, retentionPolicy: policy)
  }

  /// A word up to a blank, or in double quotes, and the blanks behind it; nil where there is none or
  /// the quotes do not close.
  private static func word(_ text: inout Substring) -> String? {
    var word: String?
    if text.first == "\"" {
      word = identifier(&text)
    } else {
      let plain = text.prefix { !$0.isWhitespace }
      text = text[plain.endIndex...]
      word = String(plain)
    }
    guard text.first?.isWhitespace ?? true, word?.isEmpty == false else { return nil }
    text = text.drop(while: \.isWhitespace)
    return word
  }

  /// A name up to a `.` or a blank, or in double quotes; nil where the quotes do not close.
  private static func identifier(_ text: inout Substring) -> String? {
    guard text.first == "\"" else {
      let name = text.prefix { $0 != "." && !$0.isWhitespace }
      text = text[name.endIndex...]
      return String(name)
    }
    text.removeFirst()
    var name = ""
    while let character = text.popFirst() {
      if character == "\"" { return name }
      if character == "\\", let escaped = text.popFirst() {
        name.append(escaped)
      } else {
        name.append(character)
      }
    }
    return nil
  }

  /// The first word and what follows it.
  private static func cut(_ text: String) -> (word: String, rest: String) {
    let word = text.prefix { !$0.isWhitespace }
    return (String(word), String(text[word.endIndex...].drop(while: \.isWhitespace)))
  }
}

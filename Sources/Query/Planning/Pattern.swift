import Synchronization

/// A compiled regular expression of a query, in RE2's syntax, matched on Unicode scalars. It finds
/// a match anywhere in the text, as `=~` does.
public final class Pattern: Sendable {
  /// The shapes that need no regex engine, which are most of those that dashboards send.
  private enum Form {
    case everything
    case contains(String)
    case equals([String])
    case prefix(String)
    case regex(RegexProgram)
  }

  public let source: String
  private let form: Form
  /// What the machine said of texts before, for the values of tags come again and again.
  private let known = Mutex(Known())

  private struct Known {
    static let maximumBytes = 8_000_000

    var results: [String: Bool] = [:]
    var bytes = 0
  }

  /// - Throws: ``QueryError/badPattern(_:reason:)``.
  public init(_ source: String) throws {
    self.source = source
    if let simple = Self.simpleForm(source) {
      form = simple
      return
    }
    do {
      form = .regex(try RegexProgram(source))
    } catch {
      throw QueryError.badPattern(source, reason: "\(error)")
    }
  }

  public func matches(_ text: String) -> Bool {
    switch form {
    case .everything: return true
    case .contains(let part): return text.utf8.contains(part.utf8)
    case .equals(let options): return options.contains(text)
    case .prefix(let prefix): return text.utf8.starts(with: prefix.utf8)
    case .regex(let program):
      if let result = known.withLock({ $0.results[text] }) { return result }
      let result = program.matches(text)
      known.withLock {
        guard $0.bytes + text.utf8.count <= Known.maximumBytes else { return }
        $0.bytes += text.utf8.count + 64
        $0.results[text] = result
      }
      return result
    }
  }

  /// False only if no text matches both patterns. That is decided for patterns that are lists of
  /// texts or prefixes; of others it is assumed that some text does.
  public func mayShareMatches(with other: Pattern) -> Bool {
    switch (form, other.form) {
    case (.equals(let options), _): options.contains(where: other.matches)
    case (_, .equals(let options)): options.contains(where: matches)
    case (.prefix(let a), .prefix(let b)): a.hasPrefix(b) || b.hasPrefix(a)
    default: true
    }
  }

  private static let special = Set("\\.+*?()|[]{}^$")

  private static func simpleForm(_ source: String) -> Form? {
    if source.isEmpty || source == ".*" { return .everything }
    func isLiteral(_ text: Substring) -> Bool {
      text.unicodeScalars.allSatisfy { $0.isASCII } && !text.contains { special.contains($0) }
    }
    if isLiteral(source[...]) { return .contains(source) }
    guard source.hasPrefix("^") else { return nil }
    let rest = source.dropFirst()
    if isLiteral(rest) { return .prefix(String(rest)) }
    guard rest.hasSuffix("$") else { return nil }
    let body = rest.dropLast()
    if isLiteral(body) { return .equals([String(body)]) }
    guard body.hasPrefix("("), body.hasSuffix(")") else { return nil }
    let options = body.dropFirst().dropLast().split(
      separator: "|", omittingEmptySubsequences: false)
    return options.allSatisfy(isLiteral) ? .equals(options.map(String.init)) : nil
  }
}

extension Pattern: Hashable {
  public static func == (a: Pattern, b: Pattern) -> Bool { a.source == b.source }

  public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

import Synchronization

/// A compiled regular expression of a query, in RE2's syntax, matched on Unicode scalars. It finds
/// a match anywhere in the text, as `=~` does.
final class Pattern: Sendable {
  /// The shapes that need no regex engine, which are most of those that dashboards send.
  private enum Form {
    case everything
    case contains(String)
    case equals([String])
    case prefix(String)
    case regex(RegexProgram)
  }

  let source: String
  private let form: Form
  /// What the machine said of texts before, for the values of tags come again and again.
  private let known = Mutex(Known())

  private struct Known {
    static let maximumBytes = 8_000_000

    var results: [String: Bool] = [:]
    var bytes = 0
  }

  init(_ source: String) throws {
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

  func matches(_ text: String) -> Bool {
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

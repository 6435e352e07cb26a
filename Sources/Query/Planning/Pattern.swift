import Synchronization

/// A compiled regular expression of a query. The language's patterns are Go's RE2; the common
/// subset of it and Swift's `Regex` is what is understood, matched on Unicode scalars. It finds a
/// match anywhere in the text, as `=~` does.
final class Pattern: Sendable {
  /// The shapes that need no regex engine, which are most of those that dashboards send.
  private enum Form {
    case everything
    case contains(String)
    case equals([String])
    case prefix(String)
    case regex(Regex<AnyRegexOutput>)
  }

  let source: String
  /// `Regex` is not Sendable, so it is lent to one thread at a time; together with what it said of
  /// texts before, for the values of tags come again and again.
  private let state: Mutex<(form: Form, known: [String: Bool])>
  private static let knownLimit = 100_000

  init(_ source: String) throws {
    self.source = source
    if let simple = Self.simpleForm(source) {
      state = Mutex((simple, [:]))
      return
    }
    do {
      state = Mutex((.regex(try Regex(source).matchingSemantics(.unicodeScalar)), [:]))
    } catch {
      throw QueryError.badPattern(source, reason: "\(error)")
    }
  }

  func matches(_ text: String) -> Bool {
    state.withLock { state in
      switch state.form {
      case .everything: return true
      case .contains(let part): return text.contains(part)
      case .equals(let options): return options.contains(text)
      case .prefix(let prefix): return text.utf8.starts(with: prefix.utf8)
      case .regex(let regex):
        if let known = state.known[text] { return known }
        let result = (try? regex.firstMatch(in: text)) != nil
        if state.known.count < Self.knownLimit { state.known[text] = result }
        return result
      }
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

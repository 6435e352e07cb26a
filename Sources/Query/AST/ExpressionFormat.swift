extension Expression: CustomStringConvertible {
  /// The canonical text, which the parser reads as this expression again.
  ///
  /// Where the tree has an operand that its text would give to another operator, which none from
  /// the parser has, parentheses are added.
  public var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .number(let value): Self.format(value)
    case .string(let text): quoteString(text)
    case .boolean(let value): value ? "true" : "false"
    case .duration(let value): DurationLiteral.format(value)
    case .regex(let pattern): quoteRegex(pattern)
    case .wildcard(.all): "*"
    case .wildcard(.fields): "*::field"
    case .wildcard(.tags): "*::tag"
    case .reference(let name, let cast):
      quoteIdentifier(name) + (cast.map { "::\($0.rawValue)" } ?? "")
    case .call(let name, let arguments):
      (name == "distinct" ? name : quoteIdentifier(name))
        + "(\(arguments.map(\.description).joined(separator: ", ")))"
    case .binary(let operation, let left, let right):
      Self.format(operation, left, right)
    case .parenthesized(let inner): "(\(inner))"
    }
  }

  private static func format(
    _ operation: BinaryOperator, _ left: Expression, _ right: Expression
  ) -> String {
    if operation == .multiply, left == .integer(-1), right.canFollowSign { return "-\(right)" }
    let isChain = operation == .and || operation == .or
    let leftText =
      left.outerPrecedence < operation.precedence ? "(\(left))" : left.description
    let needsParentheses =
      right.outerPrecedence <= operation.precedence
      && !(isChain && right.outerPrecedence == operation.precedence)
    let rightText = needsParentheses ? "(\(right))" : right.description
    return "\(leftText) \(operation.rawValue) \(rightText)"
  }

  /// The precedence of the operator whose operands stand open, larger than any where none does.
  private var outerPrecedence: Int {
    guard case .binary(let operation, let left, let right) = self else { return .max }
    if operation == .multiply, left == .integer(-1), right.canFollowSign { return .max }
    return operation.precedence
  }

  /// Whether a minus before it makes a product, not a literal or an error.
  private var canFollowSign: Bool {
    switch self {
    case .reference, .call, .parenthesized: true
    default: false
    }
  }

  /// Without an exponent, which the language does not have, and with a point, lest it be an integer.
  private static func format(_ value: Double) -> String {
    let text = "\(value)"
    guard let mark = text.firstIndex(of: "e"),
      let exponent = Int(text[text.index(after: mark)...])
    else { return text }
    let sign = value.sign == .minus ? "-" : ""
    let digits = text[..<mark].filter { $0 != "-" }.split(separator: ".")
    let whole = digits[0]
    let fraction = digits.count > 1 && digits[1] != "0" ? digits[1] : ""
    if exponent < 0 {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + whole + fraction
    }
    let zeros = String(repeating: "0", count: max(0, exponent - fraction.count))
    return sign + whole + fraction + zeros + ".0"
  }
}

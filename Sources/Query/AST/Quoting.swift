/// A name as the language writes it: bare where it can be, else in double quotes.
func quoteIdentifier(_ name: String) -> String {
  let bytes = name.utf8
  let isBare =
    bytes.first.map { !$0.isDigit } ?? false && bytes.allSatisfy(\.isWordPart)
    && Keyword(word: name) == nil
  return isBare ? name : quote(name, with: "\"")
}

/// A string literal.
func quoteString(_ text: String) -> String {
  quote(text, with: "'")
}

/// A regex literal. The parser gives no pattern that changes here beyond its slashes; one that
/// came as a parameter may need more to stand between slashes, and means the same.
func quoteRegex(_ pattern: String) -> String {
  var literal = "/"
  if pattern.utf8.first == UInt8(ascii: "*") { literal += "(?:)" }
  for scalar in pattern.unicodeScalars {
    switch scalar {
    case "/": literal += "\\/"
    case "\n": literal += "\\n"
    case "\r": literal += "\\r"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  if pattern.utf8.last == UInt8(ascii: "\\") { literal += "(?:)" }
  return literal + "/"
}

private func quote(_ text: String, with quote: Unicode.Scalar) -> String {
  var literal = String(quote)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": literal += "\\n"
    case "\r": literal += "\\r"
    case "\\", quote:
      literal += "\\"
      literal.unicodeScalars.append(scalar)
    default: literal.unicodeScalars.append(scalar)
    }
  }
  literal.unicodeScalars.append(quote)
  return literal
}

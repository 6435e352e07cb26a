/// Why a text is no regular expression, in the words of Go's `regexp`.
struct RegexError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Reads RE2's syntax (https://github.com/google/re2/wiki/Syntax), which is what InfluxDB takes.
/// There is nothing in it that a machine without backtracking can't match: no references back, no
/// looking ahead. Scripts (`\p{Greek}`) are not known, only general categories (`\p{Lu}`).
struct RegexParser {
  private static let maximumDepth = 200
  static let maximumRepeat = 1000

  private struct Flags {
    var foldsCase = false
    var isMultiline = false
    var dotMatchesLineEnd = false
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var flags = Flags()
  private var depth = 0

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  static func parse(_ text: String) throws(RegexError) -> RegexNode {
    var parser = RegexParser(text)
    let node = try parser.alternatives()
    guard parser.next == nil else { throw RegexError("unexpected ): `\(text)`") }
    return node
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func starts(with text: String) -> Bool {
    scalars[position...].starts(with: text.unicodeScalars)
  }

  private mutating func skip(_ text: String) -> Bool {
    guard starts(with: text) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  private func text(from start: Int) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<position])
    return String(text)
  }

  /// Reads up to `end`, which is skipped; nil where there is none.
  private mutating func text(upTo end: String) -> String? {
    let start = position
    while position < scalars.count {
      if starts(with: end) {
        defer { position += end.unicodeScalars.count }
        return text(from: start)
      }
      position += 1
    }
    position = start
    return nil
  }

  private mutating func alternatives() throws(RegexError) -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw RegexError("expression nests too deeply") }
    var branches = [try sequence()]
    while skip("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(RegexError) -> RegexNode {
    var items: [RegexNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if skip("\\Q") {
        let quoted = text(upTo: "\\E") ?? text(fromAndSkipping: position)
        items += quoted.unicodeScalars.map { literal($0) }
        if let last = items.popLast() { items.append(try repeated(last)) }
        continue
      }
      let item = try atom()
      items.append(try repeated(item))
    }
    return items.count == 1 ? items[0] : items.isEmpty ? .empty : .sequence(items)
  }

  private mutating func text(fromAndSkipping start: Int) -> String {
    position = scalars.count
    return text(from: start)
  }

  private mutating func repeated(_ item: RegexNode) throws(RegexError) -> RegexNode {
    let start = position
    guard let first = try repetition() else { return item }
    _ = skip("?")
    let firstEnd = position
    if try repetition() != nil {
      let all = text(from: start)
      position = firstEnd
      throw RegexError("invalid nested repetition operator: `\(all)`")
    }
    return .repetition(item, least: first.least, most: first.most)
  }

  private mutating func repetition() throws(RegexError) -> (least: Int, most: Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    let start = position
    // A brace that begins no counts stands for itself.
    guard skip("{"), let least = number() else {
      position = start
      return nil
    }
    var most: Int? = least
    if skip(",") { most = next == "}" ? nil : number() ?? -1 }
    guard skip("}"), most != -1 else {
      position = start
      return nil
    }
    guard least <= Self.maximumRepeat, most.map({ $0 <= Self.maximumRepeat && $0 >= least }) ?? true
    else { throw RegexError("invalid repeat count: `\(text(from: start))`") }
    return (least, most)
  }

  /// A number, or one above every limit where it is long.
  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next, ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 48), Self.maximumRepeat + 1)
      position += 1
    }
    return value
  }

  private func literal(_ scalar: Unicode.Scalar) -> RegexNode {
    set(RegexScalarSet(scalar...scalar))
  }

  private func set(_ set: RegexScalarSet) -> RegexNode {
    var set = set
    set.foldsCase = flags.foldsCase
    return .scalar(set)
  }

  private mutating func atom() throws(RegexError) -> RegexNode {
    guard let scalar = next else { return .empty }
    switch scalar {
    case "(": return try group()
    case "[": return try bracket()
    case "\\": return try escape()
    case "*", "+", "?":
      throw RegexError("missing argument to repetition operator: `\(scalar)`")
    default: break
    }
    position += 1
    return switch scalar {
    case ".": .scalar(flags.dotMatchesLineEnd ? .anything : .anythingButLineEnd)
    case "^": .assertion(flags.isMultiline ? .lineStart : .textStart)
    case "$": .assertion(flags.isMultiline ? .lineEnd : .textEnd)
    default: literal(scalar)
    }
  }

  private mutating func group() throws(RegexError) -> RegexNode {
    let start = position
    let outer = flags
    position += 1
    if starts(with: "?P<") || (starts(with: "?<") && !starts(with: "?<=") && !starts(with: "?<!")) {
      guard let head = text(upTo: ">"), let name = head.split(separator: "<").last,
        name.unicodeScalars.allSatisfy(RegexScalarSet.word.contains)
      else { throw RegexError("invalid named capture: `\(text(fromAndSkipping: start))`") }
    } else if skip("?") {
      if try changeFlags(of: start) { return .empty }
    }
    let inner = try alternatives()
    guard skip(")") else {
      throw RegexError("missing closing ): `\(text(fromAndSkipping: 0))`")
    }
    flags = outer
    return inner
  }

  /// Reads `flags)`, and is true then, or `flags:`.
  private mutating func changeFlags(of start: Int) throws(RegexError) -> Bool {
    var value = true
    while let scalar = next {
      position += 1
      switch scalar {
      case "i": flags.foldsCase = value
      case "m": flags.isMultiline = value
      case "s": flags.dotMatchesLineEnd = value
      case "U": break  // Which match is found, the longest or the shortest, is all the same here.
      case "-" where value: value = false
      case ":": return false
      case ")": return true
      default: throw RegexError("invalid or unsupported Perl syntax: `\(text(from: start))`")
      }
    }
    throw RegexError("missing closing ): `\(text(from: start))`")
  }

  private mutating func escape() throws(RegexError) -> RegexNode {
    let start = position
    if let found = try classEscape() {
      var set = RegexScalarSet()
      found(&set)
      return self.set(set)
    }
    position = start + 1
    switch next {
    case "A":
      position += 1
      return .assertion(.textStart)
    case "z":
      position += 1
      return .assertion(.textEnd)
    case "b":
      position += 1
      return .assertion(.wordBoundary)
    case "B":
      position += 1
      return .assertion(.noWordBoundary)
    case "C":
      position += 1
      return .scalar(.anything)
    default: return literal(try escapedScalar(from: start))
    }
  }

  /// `\d`, `\pL` and the like, from the backslash on; nil, and nothing read, where it is another.
  private mutating func classEscape() throws(RegexError) -> ((inout RegexScalarSet) -> Void)? {
    let start = position
    guard scalars.count - position >= 2 else { return nil }
    let letter = scalars[position + 1]
    let sets: [Unicode.Scalar: RegexScalarSet] = ["d": .digit, "s": .space, "w": .word]
    if let set = sets[Unicode.Scalar(UInt8(truncatingIfNeeded: letter.value) | 0x20)],
      letter.isASCII
    {
      position += 2
      return { $0.insert(set, isNegated: letter.value & 0x20 == 0) }
    }
    guard letter == "p" || letter == "P" else { return nil }
    position += 2
    var name = ""
    if skip("{") {
      name = text(upTo: "}") ?? ""
    } else if let scalar = next {
      position += 1
      name = String(scalar)
    }
    let isNegated = (letter == "P") != name.hasPrefix("^")
    if name.hasPrefix("^") { name.removeFirst() }
    guard let categories = RegexScalarSet.categories(name) else {
      throw RegexError("invalid character class range: `\(text(from: start))`")
    }
    return { $0.insert(categories, isNegated: isNegated) }
  }

  /// The scalar that an escape stands for; `position` is behind the backslash at `start`.
  private mutating func escapedScalar(from start: Int) throws(RegexError) -> Unicode.Scalar {
    guard let scalar = next else {
      throw RegexError("trailing backslash at end of expression: ``")
    }
    position += 1
    switch scalar {
    case "a": return "\u{7}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{b}"
    case "x":
      let digits: String
      if skip("{") {
        digits = text(upTo: "}") ?? ""
      } else {
        position = min(position + 2, scalars.count)
        digits = text(from: start + 2)
        if digits.count != 2 { break }
      }
      if let value = UInt32(digits, radix: 16), !digits.hasPrefix("+"),
        let scalar = Unicode.Scalar(value)
      {
        return scalar
      }
    case "0"..."7":
      // One digit alone, unless it is 0, would be a reference back.
      while position < start + 4, let digit = next, ("0"..."7").contains(digit) { position += 1 }
      let digits = text(from: start + 1)
      if scalar == "0" || digits.count > 1, let value = UInt32(digits, radix: 8),
        let scalar = Unicode.Scalar(value)
      {
        return scalar
      }
    default:
      if scalar.isASCII, !RegexScalarSet.word.contains(scalar) { return scalar }
    }
    throw RegexError("invalid escape sequence: `\(text(from: start))`")
  }

  private mutating func bracket() throws(RegexError) -> RegexNode {
    let start = position
    position += 1
    var set = RegexScalarSet()
    set.foldsCase = flags.foldsCase
    set.isNegated = skip("^")
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      if skip("[:") {
        guard var name = text(upTo: ":]") else {
          set.insert("["..."[")
          position -= 1
          continue
        }
        let isNegated = name.hasPrefix("^")
        if isNegated { name.removeFirst() }
        guard let named = RegexScalarSet.posix(name) else {
          throw RegexError("invalid character class range: `[:\(name):]`")
        }
        set.insert(named, isNegated: isNegated)
        continue
      }
      if scalar == "\\", let insertClass = try classEscape() {
        insertClass(&set)
        continue
      }
      let from = position
      let low = try bracketScalar()
      var high = low
      if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
        position += 1
        high = try bracketScalar()
      }
      guard low <= high else {
        throw RegexError("invalid character class range: `\(text(from: from))`")
      }
      set.insert(low...high)
    }
    guard skip("]") else {
      throw RegexError("missing closing ]: `\(text(fromAndSkipping: start))`")
    }
    return .scalar(set)
  }

  private mutating func bracketScalar() throws(RegexError) -> Unicode.Scalar {
    let start = position
    guard let scalar = next else {
      throw RegexError("missing closing ]: `\(text(from: start))`")
    }
    position += 1
    return scalar == "\\" ? try escapedScalar(from: start) : scalar
  }
}

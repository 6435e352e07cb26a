/// A set of Unicode scalars, as a class in brackets says it.
struct RegexScalarSet {
  private(set) var ranges: [ClosedRange<UInt32>] = []
  /// General categories, and whether the set holds those or all others.
  private(set) var categories: [(categories: Set<Unicode.GeneralCategory>, isNegated: Bool)] = []
  var isNegated = false
  /// Upper and lower case are one.
  var foldsCase = false

  static let digit = RegexScalarSet("0"..."9")
  static let space = RegexScalarSet("\t"..."\n", "\u{c}"..."\r", " "..." ")
  static let word = RegexScalarSet("0"..."9", "A"..."Z", "_"..."_", "a"..."z")
  static let anything = RegexScalarSet("\0"..."\u{10FFFF}")
  static let anythingButLineEnd = RegexScalarSet("\0"..."\u{9}", "\u{b}"..."\u{10FFFF}")

  init(_ ranges: ClosedRange<Unicode.Scalar>...) {
    for range in ranges { insert(range) }
  }

  mutating func insert(_ range: ClosedRange<Unicode.Scalar>) {
    ranges.append(range.lowerBound.value...range.upperBound.value)
  }

  mutating func insert(_ values: Set<Unicode.GeneralCategory>, isNegated: Bool) {
    categories.append((values, isNegated))
  }

  /// Inserts what `other`, a set of ranges alone, holds, or all that it does not hold.
  mutating func insert(_ other: RegexScalarSet, isNegated: Bool) {
    guard isNegated else {
      ranges += other.ranges
      return
    }
    var next: UInt32 = 0
    for range in other.ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { ranges.append(next...range.lowerBound - 1) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10FFFF { ranges.append(next...0x10FFFF) }
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    if holds(scalar) { return !isNegated }
    guard foldsCase else { return isNegated }
    return Self.otherCases(of: scalar).contains(where: holds) != isNegated
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    for range in ranges where range.contains(scalar.value) { return true }
    for entry in categories
    where entry.categories.contains(scalar.properties.generalCategory) != entry.isNegated {
      return true
    }
    return false
  }

  private static func otherCases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if scalar.isASCII {
      guard scalar.properties.isAlphabetic else { return [] }
      return [Unicode.Scalar(UInt8(scalar.value) ^ 0x20)]
    }
    return [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap {
      $0.unicodeScalars.count == 1 ? $0.unicodeScalars.first : nil
    }
  }

  /// The set that `[:name:]` means; nil where there is none.
  static func posix(_ name: String) -> RegexScalarSet? {
    switch name {
    case "alnum": RegexScalarSet("0"..."9", "A"..."Z", "a"..."z")
    case "alpha": RegexScalarSet("A"..."Z", "a"..."z")
    case "ascii": RegexScalarSet("\0"..."\u{7f}")
    case "blank": RegexScalarSet("\t"..."\t", " "..." ")
    case "cntrl": RegexScalarSet("\0"..."\u{1f}", "\u{7f}"..."\u{7f}")
    case "digit": digit
    case "graph": RegexScalarSet("!"..."~")
    case "lower": RegexScalarSet("a"..."z")
    case "print": RegexScalarSet(" "..."~")
    case "punct": RegexScalarSet("!"..."/", ":"..."@", "["..."`", "{"..."~")
    case "space": RegexScalarSet("\t"..."\r", " "..." ")
    case "upper": RegexScalarSet("A"..."Z")
    case "word": word
    case "xdigit": RegexScalarSet("0"..."9", "A"..."F", "a"..."f")
    default: nil
    }
  }

  /// The general categories that `\p{name}` means, such as `L` or `Lu`; nil where there are none.
  static func categories(_ name: String) -> Set<Unicode.GeneralCategory>? {
    let known: [(String, Unicode.GeneralCategory)] = [
      ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter),
      ("Lm", .modifierLetter), ("Lo", .otherLetter), ("Mn", .nonspacingMark),
      ("Mc", .spacingMark), ("Me", .enclosingMark), ("Nd", .decimalNumber), ("Nl", .letterNumber),
      ("No", .otherNumber), ("Pc", .connectorPunctuation), ("Pd", .dashPunctuation),
      ("Ps", .openPunctuation), ("Pe", .closePunctuation), ("Pi", .initialPunctuation),
      ("Pf", .finalPunctuation), ("Po", .otherPunctuation), ("Sm", .mathSymbol),
      ("Sc", .currencySymbol), ("Sk", .modifierSymbol), ("So", .otherSymbol),
      ("Zs", .spaceSeparator), ("Zl", .lineSeparator), ("Zp", .paragraphSeparator),
      ("Cc", .control), ("Cf", .format), ("Co", .privateUse),
    ]
    guard (1...2).contains(name.unicodeScalars.count) else { return nil }
    let found = known.filter { $0.0.hasPrefix(name) }.map(\.1)
    return found.isEmpty ? nil : Set(found)
  }
}

/// The names in a spool's directory.
enum SpoolFiles {
  static let lock = "lock"
  static let counts = "counts"
  static let damagedCounts = "counts.damaged"
  static let temporarySuffix = ".tmp"

  enum Kind: String {
    case batch
    /// Was a batch, and is kept for whoever wants to look into it.
    case damaged
  }

  /// Twenty digits, so that names sort as numbers do.
  static func name(_ number: UInt64, _ kind: Kind) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".\(kind.rawValue)"
  }

  /// - Returns: nil for other files. Numbers stay far from the end of their type, so that counting
  ///   on from a name found in a directory cannot overflow.
  static func parse(_ name: String) -> (number: UInt64, kind: Kind)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = UInt64(parts[0]), number < largestNumber,
      let kind = Kind(rawValue: String(parts[1])), Self.name(number, kind) == name
    else { return nil }
    return (number, kind)
  }

  static let largestNumber = UInt64(1) << 62
}

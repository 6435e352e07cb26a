/// The tree of a regular expression.
indirect enum RegexNode {
  case empty
  case scalar(RegexScalarSet)
  case assertion(RegexAssertion)
  case sequence([RegexNode])
  case alternatives([RegexNode])
  /// `most` is nil where there is no upper end.
  case repetition(RegexNode, least: Int, most: Int?)
}

/// What holds between two scalars of a text.
enum RegexAssertion {
  case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary

  /// - Parameters:
  ///   - before: the scalar to the left, nil at the start of the text.
  ///   - after: the scalar to the right, nil at its end.
  func holds(between before: Unicode.Scalar?, and after: Unicode.Scalar?) -> Bool {
    switch self {
    case .textStart: before == nil
    case .textEnd: after == nil
    case .lineStart: before == nil || before == "\n"
    case .lineEnd: after == nil || after == "\n"
    case .wordBoundary: Self.isWord(before) != Self.isWord(after)
    case .noWordBoundary: Self.isWord(before) == Self.isWord(after)
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return RegexScalarSet.word.contains(scalar)
  }
}

/// A value expression of the query language.
public indirect enum Expression: Sendable, Hashable {
  case integer(Int64)
  /// Only for literals above `Int64.max`.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case boolean(Bool)
  /// Nanoseconds.
  case duration(Int64)
  /// The pattern between slashes, `\/` resolved.
  case regex(String)
  /// `*`, `*::field`, `*::tag`.
  case wildcard(Wildcard)
  /// A field, a tag, or `time`; with a cast where one was written (`usage::float`).
  case reference(String, cast: Cast?)
  /// Names are lower-cased.
  case call(String, [Expression])
  case binary(BinaryOperator, Expression, Expression)
  case parenthesized(Expression)

  public enum Wildcard: Sendable, Hashable, CaseIterable {
    case all, fields, tags
  }

  public enum Cast: String, Sendable, Hashable, CaseIterable {
    case float, integer, unsigned, string, boolean, field, tag
  }
}

public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
  case or = "OR"
  case and = "AND"
  case equal = "="
  case notEqual = "!="
  case matches = "=~"
  case doesNotMatch = "!~"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case add = "+"
  case subtract = "-"
  case bitOr = "|"
  case bitXor = "^"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"
  case bitAnd = "&"

  /// InfluxQL's, higher binds tighter; operators of one precedence associate to the left.
  public var precedence: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .equal, .notEqual, .matches, .doesNotMatch, .less, .lessOrEqual, .greater,
      .greaterOrEqual:
      3
    case .add, .subtract, .bitOr, .bitXor: 4
    case .multiply, .divide, .modulo, .bitAnd: 5
    }
  }
}

/// Why a continuous query can't be made or read. Failures of its runs are not errors of
/// the scheduler; they stand in ``ContinuousQueryStatus/lastError``.
public enum ContinuousQueryError: Error, Sendable, Hashable {
  case invalid(String)
  /// One of the name is there with another text.
  case alreadyExists(name: String)
  /// The queries, in order, that would feed each other in a circle.
  case cycle([String])
  /// A stored definition can't be read.
  case corruptDefinition(name: String, reason: String)
  /// Rows that a run depends on are there and cannot be read.
  case unreadable(String)
}

extension ContinuousQueryError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let reason): "invalid continuous query: \(reason)"
    case .alreadyExists: "continuous query already exists"
    case .cycle(let names):
      "continuous queries would feed each other: \(names.joined(separator: " → "))"
    case .corruptDefinition(let name, let reason):
      "continuous query \"\(name)\": the stored definition is damaged: \(reason)"
    case .unreadable(let reason): reason
    }
  }
}

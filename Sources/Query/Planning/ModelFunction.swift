/// The functions of a SELECT that ask a model; the first argument is its name.
public enum ModelFunction: String, Sendable, Hashable, CaseIterable {
  case rl, threshold, anomaly, state, version, share
  /// Stands for the columns that a health series holds: all the others, `share` of each field.
  case detect
}

import TimeSeries

/// The model functions of a SELECT.
struct ModelSelection: Sendable {
  /// What a column tells of a row.
  enum Function: Sendable, Hashable {
    case loss
    /// An index into the model's fields, as in `share`.
    case featureLoss(Int)
    case threshold
    case anomaly
    case state
    case version
    case share(Int)

    var type: FieldType {
      switch self {
      case .loss, .featureLoss, .threshold, .share: .float
      case .anomaly, .version: .integer
      case .state: .string
      }
    }
  }

  struct Column: Sendable {
    var alias: String?
    var name: String
    var function: Function
  }

  var model: any ScoringModel
  var columns: [Column]
  /// Nil where nothing can be masked, or nothing would show it.
  var events: PlannedEvents?

  /// Rows without a score are among the results only where something tells them from normal ones.
  var includesUnscored: Bool { columns.contains { $0.function == .state } }

  var showsMasking: Bool { columns.contains { $0.function == .state || $0.function == .anomaly } }
}

import Detection
import Query

/// The rows of a group that a training leaves out: what the version in force calls anomalies, so
/// that the next one does not learn them as normal. They become gaps, and no window spans a gap.
struct AnomalousRows {
  /// The largest part of a group's rows that is left out. What is unusual for longer than that is no
  /// incident but how things are now, and is to be learned.
  static let largestPart = 0.1

  /// How many rows there are.
  private(set) var count = 0
  private let rows: FeatureRows
  private var isAnomalous: [Bool]

  /// A flagged row stands for the rows that its loss speaks of. A loss of the window's last step that
  /// is above the threshold `sustain` rows long says that each of these is unusual, and nothing of
  /// the rows before them in the windows; a mean over the window says it of the whole window.
  init(of rows: FeatureRows, by model: VersionedModel) throws {
    self.rows = rows
    isAnomalous = Array(repeating: false, count: rows.timestamps.count)
    let options = model.newest.model.specification.options
    let reach = options.loss == .last ? options.sustain : options.reach
    let scores = try model.score(rows)
    for row in rows.timestamps.indices where scores.loss[row] > scores.threshold[row] {
      for reached in max(0, row - reach + 1)...row where !isAnomalous[reached] {
        isAnomalous[reached] = true
        count += 1
      }
    }
  }

  /// Of the group's rows, 0…1.
  var part: Double { Double(count) / Double(max(1, isAnomalous.count)) }

  var isNewNormal: Bool { part > Self.largestPart }

  /// The other rows.
  var rest: FeatureRows {
    let kept = isAnomalous.indices.filter { !isAnomalous[$0] }
    return FeatureRows(
      group: rows.group, share: rows.share, timestamps: kept.map { rows.timestamps[$0] },
      features: rows.features.map { column in kept.map { column[$0] } })
  }
}

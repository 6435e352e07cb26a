/// The windows of one group or of several that a network is fitted to and judged by, with their rows
/// in one matrix, stretch by stretch, so that no window spans two groups.
struct TrainingWindows {
  /// First rows in ``matrix`` of the windows to fit, as ranges of consecutive rows.
  let training: [Range<Int>]
  /// First rows in ``matrix`` of the windows to validate, as ranges of consecutive rows.
  let validation: [Range<Int>]
  let matrix: FeatureMatrix

  /// Consecutive windows of one group, by their first rows in its data.
  private struct Stretch {
    var group: Int
    var windows: Range<Int>
  }

  /// - Parameters:
  ///   - groups: at least one; each with its windows.
  ///   - limit: windows to fit at the most. Where there are more, parts are left out evenly over
  ///     groups and time, of the windows to validate in proportion.
  init(
    _ groups: [(data: GroupData, split: WindowSplit)], shape: AutoencoderShape, scaler: Scaler,
    limit: Int
  ) {
    let training = Self.stretches(groups.map(\.split.trainingRanges))
    let validation = Self.stretches(groups.map(\.split.validationRanges))
    let count = training.reduce(0) { $0 + $1.windows.count }
    let kept = [training, validation].map {
      count <= limit ? $0 : Self.thinned($0, limit, of: count)
    }
    var rows = 0
    let place = { (stretch: Stretch) in
      defer { rows += stretch.windows.count + shape.window - 1 }
      return rows..<rows + stretch.windows.count
    }
    let places = kept.map { $0.map(place) }
    self.training = places[0]
    self.validation = places[1]
    matrix = FeatureMatrix(rows: rows, features: shape.features) { target in
      for (stretch, place) in zip(kept.joined(), places.joined()) {
        let windows = stretch.windows
        groups[stretch.group].data.scale(
          windows.lowerBound..<windows.upperBound + shape.window - 1, by: scaler,
          to: target + place.lowerBound * FeatureMatrix.width(of: shape.features))
      }
    }
  }

  var trainingCount: Int { training.reduce(0) { $0 + $1.count } }
  var validationCount: Int { validation.reduce(0) { $0 + $1.count } }

  private static func stretches(_ ranges: [[Range<Int>]]) -> [Stretch] {
    ranges.enumerated().flatMap { group, ranges in
      ranges.map { Stretch(group: group, windows: $0) }
    }
  }

  /// Of each `total` windows `limit` at the most, evenly: blocks of consecutive windows, because a
  /// loss is sustained over several. Each window earns its part of a place; a block is taken when
  /// enough is earned for all of it.
  private static func thinned(_ stretches: [Stretch], _ limit: Int, of total: Int) -> [Stretch] {
    var earned = 0
    return stretches.flatMap { stretch in
      let end = stretch.windows.upperBound
      return stride(from: stretch.windows.lowerBound, to: end, by: ScoringNetwork.batch).map {
        Stretch(group: stretch.group, windows: $0..<min($0 + ScoringNetwork.batch, end))
      }
    }.filter { block in
      earned += block.windows.count * limit
      guard earned >= block.windows.count * total else { return false }
      earned -= block.windows.count * total
      return true
    }
  }
}

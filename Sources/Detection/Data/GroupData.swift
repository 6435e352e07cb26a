import TimeSeries

/// Rows of one group on the model's time grid.
public struct GroupData: Sendable {
  /// Ascending, multiples of the interval; a step larger than the interval is a gap.
  public let timestamps: [Timestamp]
  /// One array for each field, as long as ``timestamps``; NaN for no value.
  public let features: [[Double]]

  public init(timestamps: [Timestamp], features: [[Double]]) {
    self.timestamps = timestamps
    self.features = features
  }

  /// - Throws: ``DetectionError/invalidInput(_:)`` where the arrays do not fit together or time does
  ///   not ascend.
  func validate(features count: Int) throws {
    guard features.count == count else {
      throw DetectionError.invalidInput("\(features.count) features where the model has \(count)")
    }
    guard features.allSatisfy({ $0.count == timestamps.count }) else {
      throw DetectionError.invalidInput("feature columns and timestamps differ in length")
    }
    guard zip(timestamps, timestamps.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw DetectionError.invalidInput("timestamps do not ascend")
    }
    guard timestamps.count <= Int(Int32.max) else {
      throw DetectionError.invalidInput("\(timestamps.count) rows in one group")
    }
  }

  /// The longest ranges of rows without a gap in time and with every feature finite: windows lie
  /// within them.
  ///
  /// - Parameter interval: nanoseconds.
  func runs(interval: Int64) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start: Int?
    for row in timestamps.indices {
      let isWhole = features.allSatisfy { $0[row].isFinite }
      // Wrapping: timestamps ascend, so a difference beyond Int64 comes out negative, a gap too.
      if let first = start, !isWhole || timestamps[row] &- timestamps[row - 1] != interval {
        runs.append(first..<row)
        start = nil
      }
      if isWhole, start == nil { start = row }
    }
    if let first = start { runs.append(first..<timestamps.count) }
    return runs
  }

  /// The rows scaled; zeros where a value is not finite.
  func scaled(by scaler: Scaler) -> FeatureMatrix {
    FeatureMatrix(rows: timestamps.count, features: features.count) {
      scale(timestamps.indices, by: scaler, to: $0)
    }
  }

  /// Scales some rows into the zeroed rows of a matrix that begin at `target`.
  func scale(_ rows: Range<Int>, by scaler: Scaler, to target: UnsafeMutablePointer<Float>) {
    let width = FeatureMatrix.width(of: features.count)
    for (feature, column) in features.enumerated() {
      scaler.scale(column[rows], feature: feature, to: target + feature, step: width)
    }
  }
}

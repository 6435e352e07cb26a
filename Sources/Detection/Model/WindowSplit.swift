/// The windows of a group in two: earlier ones to fit, later ones to validate, no row in both.
struct WindowSplit {
  /// First rows of the training windows, as ranges of consecutive rows.
  let trainingRanges: [Range<Int>]
  /// First rows of the validation windows, as ranges of consecutive rows.
  let validationRanges: [Range<Int>]
  /// The rows that the training windows cover.
  let trainingRows: [Range<Int>]
  /// Windows in all, those that straddle the split included.
  let windows: Int

  /// - Parameters:
  ///   - runs: ranges of rows in which windows lie, ascending.
  ///   - validation: the part of the windows that goes to validation.
  init(runs: [Range<Int>], window: Int, validation: Double) {
    let starts = runs.filter { $0.count >= window }
      .map { $0.lowerBound..<$0.upperBound - window + 1 }
    windows = starts.reduce(0) { $0 + $1.count }
    // The first row of the validation windows: the rows before it are for training.
    var before = Int((1 - validation) * Double(windows))
    var split = starts.last?.upperBound ?? 0
    for range in starts {
      if before < range.count {
        split = range.lowerBound + before
        break
      }
      before -= range.count
    }
    trainingRanges = starts.compactMap { range in
      let end = min(range.upperBound, split - window + 1)
      return end > range.lowerBound ? range.lowerBound..<end : nil
    }
    validationRanges = starts.compactMap { range in
      range.upperBound > split ? max(range.lowerBound, split)..<range.upperBound : nil
    }
    trainingRows = trainingRanges.map { $0.lowerBound..<$0.upperBound + window - 1 }
  }
}

/// What a feature is divided by if it never changed in training, so that it has no spread.
///
/// A value says how large it is itself, so a change counts by how large it is beside the value. Zero
/// says nothing; how the feature spreads in the model's other groups does. An integer cannot change by
/// less than one.
public struct ConstantScale: Sendable, Hashable {
  private let isInteger: Bool
  /// The median of the standard deviations in the groups that have one; nil where none has.
  private let spreadElsewhere: Double?

  /// The part of a value that counts as one deviation.
  static let part = 0.01
  /// For zero, if no group tells more: 1 is then just not limited (``Scaler/bound``).
  static let ofZero = 1 / Scaler.bound

  init(isInteger: Bool = false, spreadElsewhere: Double? = nil) {
    self.isInteger = isInteger
    self.spreadElsewhere = spreadElsewhere
  }

  /// - Parameters:
  ///   - isInteger: whether all values of the feature are whole numbers.
  ///   - groups: the feature's values in each group of the model; those not finite do not count.
  public init(isInteger: Bool, groups: [[Double]]) {
    let spreads = groups.compactMap { column -> Double? in
      let (mean, deviation) = Moments.of(column.filter(\.isFinite))
      return Moments.isSpread(deviation, about: mean) ? deviation : nil
    }.sorted()
    self.init(
      isInteger: isInteger,
      spreadElsewhere: spreads.isEmpty ? nil : quantile(percent: 50, ofSorted: spreads))
  }

  /// At most 1, above zero.
  ///
  /// - Parameter constant: finite.
  func callAsFunction(of constant: Double) -> Double {
    if isInteger { return 1 }
    let scale = constant == 0 ? spreadElsewhere ?? Self.ofZero : abs(constant) * Self.part
    return min(1, max(scale, .leastNormalMagnitude))
  }
}

import CKernels

/// How features are brought to a common scale.
public enum Scaling: String, Sendable, Hashable, CaseIterable {
  /// (x − mean) / standard deviation.
  case zscore
  /// (x − min) / (max − min).
  case minmax
  /// (x − median) / interquartile range; the standard deviation where that range is zero.
  case robust
}

/// What is done to scaled values that are far from the usual.
public enum Compression: String, Sendable, Hashable, CaseIterable {
  case none
  /// asinh: the identity near zero, a logarithm far from it, so that a spike counts by its order
  /// of magnitude and does not drown every other feature.
  case asinh
  /// 3 · asinh(x / 3): the same, and nearly the identity up to three deviations, so that what is
  /// merely high keeps its size.
  case asinh3

  /// Deviations up to which it is nearly the identity; 0 where it is for all.
  var linear: Double {
    switch self {
    case .none: 0
    case .asinh: 1
    case .asinh3: 3
    }
  }

  func callAsFunction(_ value: Double) -> Double {
    linear > 0 ? linear * inverseHyperbolicSine(value / linear) : value
  }
}

/// Scales each feature by what its training rows were like.
///
/// A feature that was constant has a scale of its own (``ConstantScale``), so that a later change of
/// it shows. Scaled values are limited to ±``bound`` before they are compressed, so that none can
/// overflow the network.
public struct Scaler: Sendable, Hashable {
  /// The limit of a scaled value.
  public static let bound = 1e6

  /// Per feature: what is subtracted, then what is divided by (finite, greater than zero).
  public let offsets: [Double]
  public let scales: [Double]
  public let compression: Compression

  init(offsets: [Double], scales: [Double], compression: Compression) {
    self.offsets = offsets
    self.scales = scales
    self.compression = compression
  }

  /// - Parameters:
  ///   - columns: finite values of each feature.
  ///   - constants: one for each feature, or none where nothing more is known.
  public init(
    _ scaling: Scaling, fit columns: [[Double]], constants: [ConstantScale] = [],
    compression: Compression = .none
  ) {
    var offsets: [Double] = []
    var scales: [Double] = []
    for (feature, column) in columns.enumerated() {
      let (offset, scale) = Self.fit(scaling, column)
      offsets.append(offset.isFinite ? offset : (column.first ?? 0))
      let constant = constants.isEmpty ? ConstantScale() : constants[feature]
      scales.append(
        Moments.isSpread(scale, about: offset)
          ? max(scale, .leastNormalMagnitude) : constant(of: offsets[feature]))
    }
    self.init(offsets: offsets, scales: scales, compression: compression)
  }

  /// For groups that share a network and have levels of their own, which centred windows do not
  /// show: scales by how values spread about their group's median. Compression is left to be done
  /// after centring, because far from the offset it would flatten whatever a group does.
  ///
  /// - Parameter values: the finite values of a feature, group by group.
  static func ofDeviations(
    _ scaling: Scaling, features: Int, constants: [ConstantScale] = [],
    values: (Int) -> [[Double]]
  ) -> Scaler {
    var offsets: [Double] = []
    var scales: [Double] = []
    for feature in 0..<features {
      let columns = values(feature).filter { !$0.isEmpty }
      // A median is exact where values are constant: no deviation comes from rounding.
      let medians = columns.map { quantile(percent: 50, ofSorted: $0.sorted()) }
      let deviations = zip(columns, medians).flatMap { column, median in
        column.map { $0 - median }
      }
      let level = medians.isEmpty ? 0 : quantile(percent: 50, ofSorted: medians.sorted())
      offsets.append(level)
      let (offset, scale) = fit(scaling, deviations)
      let constant = constants.isEmpty ? ConstantScale() : constants[feature]
      scales.append(
        Moments.isSpread(scale, about: offset)
          ? max(scale, .leastNormalMagnitude) : constant(of: level))
    }
    return Scaler(offsets: offsets, scales: scales, compression: .none)
  }

  private static func fit(_ scaling: Scaling, _ column: [Double]) -> (Double, Double) {
    guard !column.isEmpty else { return (0, 0) }
    switch scaling {
    case .zscore: return Moments.of(column)
    case .minmax:
      let low = column.min() ?? 0
      return (low, (column.max() ?? 0) - low)
    case .robust:
      let sorted = column.sorted()
      let range =
        quantile(percent: 75, ofSorted: sorted) - quantile(percent: 25, ofSorted: sorted)
      return (quantile(percent: 50, ofSorted: sorted), range > 0 ? range : Moments.of(column).1)
    }
  }

  /// - Parameter value: finite.
  func scale(_ value: Double, feature: Int) -> Float {
    let scaled = min(max((value - offsets[feature]) / scales[feature], -Self.bound), Self.bound)
    return Float(compression(scaled))
  }

  /// Scales the finite ones of a feature's values; the others are left as they are in `target`.
  ///
  /// - Parameter step: floats from one value's place in `target` to the next.
  func scale(
    _ values: ArraySlice<Double>, feature: Int, to target: UnsafeMutablePointer<Float>, step: Int,
    kernel: vigil_scale_kernel? = ScaleKernel.best
  ) {
    guard let kernel else {
      for (index, value) in values.enumerated() where value.isFinite {
        target[index * step] = scale(value, feature: feature)
      }
      return
    }
    let scaling = vigil_scaling(
      offset: offsets[feature], scale: scales[feature], bound: Self.bound,
      linear: compression.linear)
    values.withUnsafeBufferPointer { values in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: ScaleKernel.atOnce) { scaled in
        guard let first = values.baseAddress, let scaled = scaled.baseAddress else { return }
        for start in stride(from: 0, to: values.count, by: ScaleKernel.atOnce) {
          let count = min(ScaleKernel.atOnce, values.count - start)
          withUnsafePointer(to: scaling) { kernel(Int64(count), first + start, $0, scaled) }
          for index in 0..<count where values[start + index].isFinite {
            target[(start + index) * step] = scaled[index]
          }
        }
      }
    }
  }
}

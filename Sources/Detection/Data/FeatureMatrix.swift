/// Rows of scaled features in float, padded to a multiple of 16 so that kernels read whole vectors.
///
/// Immutable once filled, therefore shared between tasks.
final class FeatureMatrix: @unchecked Sendable {
  let rows: Int
  let features: Int
  /// Floats from one row to the next.
  let width: Int
  private let values: FloatBuffer

  /// - Parameter fill: called once with the zeroed [rows][width] to fill.
  init(rows: Int, features: Int, fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.rows = rows
    self.features = features
    width = Self.width(of: features)
    values = FloatBuffer(rows * width)
    fill(values.pointer)
  }

  static func width(of features: Int) -> Int { (features + 15) / 16 * 16 }

  func row(_ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(values.pointer + index * width)
  }
}

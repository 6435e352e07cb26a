/// Copies the windows of a batch out of a feature matrix, time-major: [window][windows][width].
enum WindowGather {
  /// Windows that begin at `starts`.
  ///
  /// - Parameter compression: of rows that were centred.
  static func gather(
    _ starts: ArraySlice<Int32>, _ matrix: FeatureMatrix, _ shape: AutoencoderShape,
    isCentered: Bool, compression: Compression, to target: UnsafeMutablePointer<Float>
  ) {
    var index = 0
    for start in starts {
      copy(
        matrix.row(Int(start)), shape, isCentered: isCentered, compression: compression,
        to: target + index * shape.featuresPadded, step: starts.count * shape.featuresPadded)
      index += 1
    }
  }

  /// `count` windows that begin at consecutive rows, each with its mean taken off, then compressed.
  static func centered(
    _ rows: UnsafePointer<Float>, _ count: Int, _ shape: AutoencoderShape, compression: Compression,
    to target: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      copy(
        rows + index * shape.featuresPadded, shape, isCentered: true, compression: compression,
        to: target + index * shape.featuresPadded, step: count * shape.featuresPadded)
    }
  }

  /// The mean is summed over the window's own rows from the first to the last, and not rolled from
  /// window to window, so that it does not depend on other rows.
  private static func copy(
    _ rows: UnsafePointer<Float>, _ shape: AutoencoderShape, isCentered: Bool,
    compression: Compression, to target: UnsafeMutablePointer<Float>, step: Int
  ) {
    let width = shape.featuresPadded
    guard isCentered else {
      for t in 0..<shape.window { (target + t * step).update(from: rows + t * width, count: width) }
      return
    }
    for block in stride(from: 0, to: width, by: 16) {
      var sum = SIMD16<Float>()
      for t in 0..<shape.window { sum += rows.block(t * width + block) }
      let mean = sum / Float(shape.window)
      for t in 0..<shape.window {
        target.store(rows.block(t * width + block) - mean, at: t * step + block)
      }
    }
    guard compression != .none else { return }
    for t in 0..<shape.window {
      for j in 0..<shape.features {
        target[t * step + j] = Float(compression(Double(target[t * step + j])))
      }
    }
  }
}

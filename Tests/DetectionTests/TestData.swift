@testable import Detection

/// `values` row by row as a matrix.
func testMatrix(_ values: [Float], features: Int) -> FeatureMatrix {
  FeatureMatrix(rows: values.count / features, features: features) { target in
    let width = (features + 15) / 16 * 16
    for (index, value) in values.enumerated() {
      target[index / features * width + index % features] = value
    }
  }
}

extension SplitMix64 {
  /// Uniform in −1..<1.
  mutating func symmetric() -> Float { 2 * nextUnit() - 1 }

  mutating func symmetric(_ count: Int) -> [Float] { (0..<count).map { _ in symmetric() } }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

extension AutoencoderParameters {
  /// A gradient in the same layout, as parameters, so that its tensors can be read by name.
  func like(_ packed: [Float]) -> AutoencoderParameters {
    AutoencoderParameters(layout: layout, packed: packed)
  }
}

extension WindowSplit {
  var trainingWindows: Int { trainingRanges.reduce(0) { $0 + $1.count } }
  var validationWindows: Int { validationRanges.reduce(0) { $0 + $1.count } }
}

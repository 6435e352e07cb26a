import Foundation
import GoldenVectors
import Testing

@testable import Detection

extension GoldenVectors {
  static func load(_ name: String) throws -> GoldenVectors {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    return try GoldenVectors(from: url)
  }

  /// The windows one after the other; window n begins at row n · window.
  var matrix: FeatureMatrix { testMatrix(input.values.map(Float.init), features: shape.features) }

  var starts: [Int32] { (0..<shape.batch).map { Int32($0 * shape.window) } }
}

import Foundation
import Testing

@testable import Detection

/// A golden file: an autoencoder, a batch, and what must come out, computed in double elsewhere.
///
/// The small file has every element; the large one has a tensor's sum, sum of squares and first
/// elements in place of gradients and later parameters.
struct GoldenVectors: Decodable {
  struct Shape: Decodable { let features, window, hidden, latent, batch: Int }

  /// Numbers nested to any depth, flattened row by row.
  struct Flat: Decodable {
    let values: [Double]

    init(from decoder: any Decoder) throws {
      if let number = try? decoder.singleValueContainer().decode(Double.self) {
        values = [number]
      } else {
        var container = try decoder.unkeyedContainer()
        var values: [Double] = []
        while !container.isAtEnd { values += try container.decode(Flat.self).values }
        self.values = values
      }
    }
  }

  enum Expected: Decodable {
    case all([Double])
    case summary(sum: Double, squares: Double, first: [Double])

    private enum Key: String, CodingKey { case sum, sumsq, first }

    init(from decoder: any Decoder) throws {
      if let keyed = try? decoder.container(keyedBy: Key.self) {
        self = .summary(
          sum: try keyed.decode(Double.self, forKey: .sum),
          squares: try keyed.decode(Double.self, forKey: .sumsq),
          first: try keyed.decode([Double].self, forKey: .first))
      } else {
        self = .all(try Flat(from: decoder).values)
      }
    }

    /// The largest difference from `values`, relative to the tensor's root mean square.
    func deviation(of values: [Double]) -> Double {
      func norm(_ squares: Double, _ count: Int) -> Double {
        max((squares / Double(max(count, 1))).squareRoot(), 1e-300)
      }
      switch self {
      case .all(let expected):
        guard expected.count == values.count else { return .infinity }
        let scale = norm(expected.reduce(0) { $0 + $1 * $1 }, expected.count)
        return zip(expected, values).map { abs($0 - $1) }.max().map { $0 / scale } ?? 0
      case .summary(let sum, let squares, let first):
        let scale = norm(squares, values.count)
        let actual = values.reduce(0) { $0 + $1 * $1 }
        let elements = zip(first, values).map { abs($0 - $1) / scale }.max() ?? .infinity
        return max(
          elements, abs(actual - squares) / squares,
          abs(values.reduce(0, +) - sum) / (scale * Double(values.count).squareRoot()))
      }
    }
  }

  let shape: Shape
  let parameters: [String: Flat]
  let input: Flat
  let output: Flat
  let loss: Double
  let rlLastStep: [Double]
  let rlWindow: [Double]
  let gradients: [String: Expected]
  let parametersAfter1: [String: Expected]
  let parametersAfter10: [String: Expected]
  let losses: [Double]

  private enum CodingKeys: String, CodingKey {
    case shape, parameters, input, output, loss, gradients, losses
    case rlLastStep = "rl_last_step"
    case rlWindow = "rl_window"
    case parametersAfter1 = "parameters_after_1_adam_steps"
    case parametersAfter10 = "parameters_after_10_adam_steps"
  }

  static func load(_ name: String) throws -> GoldenVectors {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    return try JSONDecoder().decode(GoldenVectors.self, from: Data(contentsOf: url))
  }

  var autoencoderShape: AutoencoderShape {
    get throws {
      try AutoencoderShape(
        features: shape.features, window: shape.window, hidden: shape.hidden, latent: shape.latent)
    }
  }

  func autoencoder() throws -> AutoencoderParameters {
    var result = AutoencoderParameters(shape: try autoencoderShape)
    for tensor in AutoencoderTensor.allCases {
      result[tensor] = try #require(parameters[tensor.rawValue]).values.map(Float.init)
    }
    return result
  }

  /// The windows one after the other; window n begins at row n · window.
  var matrix: FeatureMatrix { testMatrix(input.values.map(Float.init), features: shape.features) }

  var starts: [Int32] { (0..<shape.batch).map { Int32($0 * shape.window) } }
}

import Detection
import Foundation

/// A golden file: an autoencoder, a batch, and what must come out, computed in double elsewhere.
///
/// The small file has every element; the large one has a tensor's sum, sum of squares and first
/// elements in place of gradients and later parameters.
package struct GoldenVectors: Decodable {
  package struct Shape: Decodable { package let features, window, hidden, latent, batch: Int }

  /// Numbers nested to any depth, flattened row by row.
  package struct Flat: Decodable {
    package let values: [Double]

    package init(from decoder: any Decoder) throws {
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

  package enum Expected: Decodable {
    case all([Double])
    case summary(sum: Double, squares: Double, first: [Double])

    private enum Key: String, CodingKey { case sum, sumsq, first }

    package init(from decoder: any Decoder) throws {
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
    package func deviation(of values: [Double]) -> Double {
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

  package let shape: Shape
  package let parameters: [String: Flat]
  package let input: Flat
  package let output: Flat
  package let loss: Double
  package let rlLastStep: [Double]
  package let rlWindow: [Double]
  package let gradients: [String: Expected]
  package let parametersAfter1: [String: Expected]
  package let parametersAfter10: [String: Expected]
  package let losses: [Double]

  private enum CodingKeys: String, CodingKey {
    case shape, parameters, input, output, loss, gradients, losses
    case rlLastStep = "rl_last_step"
    case rlWindow = "rl_window"
    case parametersAfter1 = "parameters_after_1_adam_steps"
    case parametersAfter10 = "parameters_after_10_adam_steps"
  }

  package init(from file: URL) throws {
    self = try JSONDecoder().decode(GoldenVectors.self, from: Data(contentsOf: file))
  }

  package var autoencoderShape: AutoencoderShape {
    get throws {
      try AutoencoderShape(
        features: shape.features, window: shape.window, hidden: shape.hidden, latent: shape.latent)
    }
  }

  /// - Throws: ``GoldenVectorsError`` for a tensor that is not there or has another size.
  package func autoencoder() throws -> AutoencoderParameters {
    var result = AutoencoderParameters(shape: try autoencoderShape)
    for tensor in AutoencoderTensor.allCases {
      let expected = result[tensor].count
      guard let values = parameters[tensor.rawValue]?.values, values.count == expected else {
        throw GoldenVectorsError(description: "\(tensor.rawValue) is not \(expected) numbers")
      }
      result[tensor] = values.map(Float.init)
    }
    return result
  }
}

/// Why a golden file can't be used.
package struct GoldenVectorsError: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

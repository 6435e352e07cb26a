import GoldenVectors
import Testing

@testable import Detection

@Suite("The reference in double, and the production network against it")
struct ReferenceTests {
  private func reference(_ golden: GoldenVectors) throws -> (ReferenceAutoencoder, [[[Double]]]) {
    let shape = try golden.autoencoderShape
    var tensors: [AutoencoderTensor: [Double]] = [:]
    for tensor in AutoencoderTensor.allCases {
      tensors[tensor] = try #require(golden.parameters[tensor.rawValue]).values
    }
    let input = golden.input.values
    let windows = (0..<golden.shape.batch).map { n in
      (0..<shape.window).map { t in
        Array(
          input[
            (n * shape.window + t) * shape.features..<(n * shape.window + t + 1) * shape.features])
      }
    }
    return (ReferenceAutoencoder(shape: shape, tensors: tensors), windows)
  }

  @Test("agrees with the golden vectors", arguments: [("small", 1e-9), ("paper", 1e-6)])
  func golden(file: String, tolerance: Double) throws {
    let golden = try GoldenVectors.load(file)
    let (reference, windows) = try reference(golden)
    let output = windows.flatMap { reference.forward($0).output.flatMap { $0 } }
    #expect(GoldenVectors.Expected.all(golden.output.values).deviation(of: output) < tolerance)
    #expect(abs(reference.loss(windows) - golden.loss) < tolerance * golden.loss)
    let gradient = reference.gradient(windows)
    for tensor in AutoencoderTensor.allCases {
      let expected = try #require(golden.gradients[tensor.rawValue])
      let values = try #require(gradient[tensor])
      #expect(expected.deviation(of: values) < tolerance, "\(tensor.rawValue)")
    }
  }

  @Test("its gradient is that of its loss by finite differences", arguments: [1, 2, 3] as [UInt64])
  func finiteDifferences(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let hidden = 1 + random.below(5)
    let shape = try AutoencoderShape(
      features: 1 + random.below(4), window: 2 + random.below(4), hidden: hidden,
      latent: 1 + random.below(hidden))
    var tensors: [AutoencoderTensor: [Double]] = [:]
    for tensor in AutoencoderTensor.allCases {
      let (rows, columns) = tensor.size(in: shape)
      tensors[tensor] = random.symmetric(rows * columns).map(Double.init)
    }
    let windows = (0..<2).map { _ in
      (0..<shape.window).map { _ in random.symmetric(shape.features).map(Double.init) }
    }
    var reference = ReferenceAutoencoder(shape: shape, tensors: tensors)
    let gradient = reference.gradient(windows)
    for tensor in AutoencoderTensor.allCases {
      let index = random.below(tensors[tensor]?.count ?? 1)
      let original = try #require(tensors[tensor]?[index])
      reference.tensors[tensor]?[index] = original + 1e-5
      let above = reference.loss(windows)
      reference.tensors[tensor]?[index] = original - 1e-5
      let below = reference.loss(windows)
      reference.tensors[tensor]?[index] = original
      let expected = (above - below) / 2e-5
      let actual = try #require(gradient[tensor]?[index])
      #expect(abs(actual - expected) < 1e-8 + 1e-6 * abs(expected), "seed \(seed) \(tensor)")
    }
  }

  @Test("production agrees over odd shapes", arguments: [11, 12, 13, 14] as [UInt64])
  func production(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let hidden = 1 + random.below(37)
    let shape = try AutoencoderShape(
      features: 1 + random.below(19), window: 2 + random.below(4), hidden: hidden,
      latent: 1 + random.below(hidden))
    let parameters = AutoencoderParameters(shape: shape, random: &random)
    var tensors: [AutoencoderTensor: [Double]] = [:]
    for tensor in AutoencoderTensor.allCases {
      tensors[tensor] = parameters[tensor].map(Double.init)
    }
    let reference = ReferenceAutoencoder(shape: shape, tensors: tensors)
    let batch = 1 + random.below(9)
    let rows = batch + shape.window - 1
    let values = random.symmetric(rows * shape.features)
    let windows = (0..<batch).map { n in
      (0..<shape.window).map { t in
        values[(n + t) * shape.features..<(n + t + 1) * shape.features].map(Double.init)
      }
    }
    let matrix = testMatrix(values, features: shape.features)
    let network = TrainingNetwork(parameters, capacity: batch, isCentered: false)
    let loss = network.loss(
      of: (0..<Int32(batch)).map { $0 }[...], in: matrix, withGradient: true)
    #expect(abs(loss - reference.loss(windows)) < 1e-5 * loss, "seed \(seed) \(shape)")
    let actual = parameters.like(network.gradient.array)
    let expected = reference.gradient(windows)
    for tensor in AutoencoderTensor.allCases {
      let deviation = GoldenVectors.Expected.all(expected[tensor] ?? [])
        .deviation(of: actual[tensor].map(Double.init))
      #expect(deviation < 1e-4, "seed \(seed) \(tensor) of \(shape)")
    }
  }
}

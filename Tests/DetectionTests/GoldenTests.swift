import GoldenVectors
import Testing

@testable import Detection

@Suite("The production network against the golden vectors, to 1e-4")
struct GoldenTests {
  static let runs = ["small", "paper"].flatMap { name in
    Kernels.available.filter { name == "small" || $0.name != "plain" }.map { (name, $0.name) }
  }

  static func kernels(_ name: String) throws -> Kernels {
    try #require(Kernels.available.first { $0.name == name })
  }

  @Test("outputs and reconstruction losses", arguments: runs)
  func scoring(file: String, kernels: String) throws {
    let golden = try GoldenVectors.load(file)
    let shape = try golden.autoencoderShape
    let network = ScoringNetwork(
      try golden.autoencoder(), isCentered: false, kernels: try Self.kernels(kernels))
    let matrix = golden.matrix
    let width = shape.featuresPadded
    var output: [Double] = []
    for n in 0..<golden.shape.batch {
      let errors = FloatBuffer(width)
      let outputs = FloatBuffer(shape.window * width)
      network.errors(
        rows: matrix.row(n * shape.window), windows: 1, loss: .window, errors: errors.pointer,
        outputs: outputs.pointer)
      for t in 0..<shape.window {
        output += (0..<shape.features).map { Double(outputs.pointer[t * width + $0]) }
      }
      let window =
        errors.array.reduce(0.0) { $0 + Double($1) } / Double(shape.window * shape.features)
      #expect(abs(window - golden.rlWindow[n]) < 1e-4 * golden.rlWindow[n])
      network.errors(
        rows: matrix.row(n * shape.window), windows: 1, loss: .last, errors: errors.pointer)
      let last = errors.array.reduce(0.0) { $0 + Double($1) } / Double(shape.features)
      #expect(abs(last - golden.rlLastStep[n]) < 1e-4 * golden.rlLastStep[n])
    }
    #expect(GoldenVectors.Expected.all(golden.output.values).deviation(of: output) < 1e-4)
  }

  @Test("loss, gradients, ten steps of Adam", arguments: runs)
  func training(file: String, kernels: String) throws {
    let golden = try GoldenVectors.load(file)
    let start = try golden.autoencoder()
    let network = TrainingNetwork(
      start, capacity: golden.shape.batch, isCentered: false, kernels: try Self.kernels(kernels))
    let matrix = golden.matrix
    for step in 0..<golden.losses.count {
      let loss = network.loss(of: golden.starts[...], in: matrix, withGradient: true)
      #expect(abs(loss - golden.losses[step]) < 1e-4 * golden.losses[step], "step \(step)")
      if step == 0 {
        #expect(abs(loss - golden.loss) < 1e-4 * golden.loss)
        let gradient = start.like(network.gradient.array)
        for tensor in AutoencoderTensor.allCases {
          let expected = try #require(golden.gradients[tensor.rawValue])
          let deviation = expected.deviation(of: gradient[tensor].map(Double.init))
          #expect(deviation < 1e-4, "gradient of \(tensor.rawValue)")
        }
      }
      network.step(rate: 1e-3)
      let after =
        step == 0 ? golden.parametersAfter1 : step == 9 ? golden.parametersAfter10 : [:]
      for (name, expected) in after {
        let tensor = try #require(AutoencoderTensor(rawValue: name))
        let deviation = expected.deviation(of: network.parameters[tensor].map(Double.init))
        #expect(deviation < 1e-4, "\(name) after step \(step + 1)")
      }
    }
  }
}

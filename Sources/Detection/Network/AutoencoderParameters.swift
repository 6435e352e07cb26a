/// The weights and biases of an autoencoder.
public struct AutoencoderParameters: Sendable, Hashable {
  public let shape: AutoencoderShape
  let layout: ParameterLayout
  /// As ``ParameterLayout`` lays them out.
  var packed: [Float]

  /// Zeros.
  public init(shape: AutoencoderShape) {
    self.shape = shape
    layout = ParameterLayout(shape)
    packed = [Float](repeating: 0, count: layout.count)
  }

  init(layout: ParameterLayout, packed: [Float]) {
    shape = layout.shape
    self.layout = layout
    self.packed = packed
  }

  /// Uniform in ±1/√hidden, the usual start of an LSTM; the same for the linear layers, of which
  /// only the output layer has another fan-in than the LSTMs.
  public init(shape: AutoencoderShape, random: inout SplitMix64) {
    self.init(shape: shape)
    let bound = 1 / Float(shape.hidden).squareRoot()
    for tensor in AutoencoderTensor.allCases {
      let (rows, columns) = tensor.size(in: shape)
      self[tensor] = (0..<rows * columns).map { _ in (2 * random.nextUnit() - 1) * bound }
    }
  }

  /// A tensor's elements, row by row.
  ///
  /// - Precondition: as many are set as the tensor has.
  public subscript(tensor: AutoencoderTensor) -> [Float] {
    get {
      var values: [Float] = []
      let (rows, columns) = tensor.size(in: shape)
      values.reserveCapacity(rows * columns)
      layout.forEachIndex(of: tensor) { values.append(packed[$0]) }
      return values
    }
    set {
      let (rows, columns) = tensor.size(in: shape)
      precondition(newValue.count == rows * columns)
      var next = 0
      layout.forEachIndex(of: tensor) {
        packed[$0] = newValue[next]
        next += 1
      }
    }
  }

  /// Elements without padding.
  public var count: Int {
    AutoencoderTensor.allCases.reduce(0) {
      let (rows, columns) = $1.size(in: shape)
      return $0 + rows * columns
    }
  }

  var isFinite: Bool { packed.allSatisfy(\.isFinite) }
}

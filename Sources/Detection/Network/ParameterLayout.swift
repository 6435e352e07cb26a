/// A weight matrix or bias of the autoencoder, in the order and with the names of the equations.
/// Gate rows are stacked i, f, g, o.
public enum AutoencoderTensor: String, CaseIterable, Sendable {
  case encoderInput = "encoder.W_ih"
  case encoderRecurrent = "encoder.W_hh"
  case encoderInputBias = "encoder.b_ih"
  case encoderRecurrentBias = "encoder.b_hh"
  case latent = "latent.W"
  case latentBias = "latent.b"
  case decoderInput = "decoder.W_ih"
  case decoderRecurrent = "decoder.W_hh"
  case decoderInputBias = "decoder.b_ih"
  case decoderRecurrentBias = "decoder.b_hh"
  case output = "output.W"
  case outputBias = "output.b"

  /// Rows and columns; a bias has one column.
  public func size(in shape: AutoencoderShape) -> (rows: Int, columns: Int) {
    switch self {
    case .encoderInput: (4 * shape.hidden, shape.features)
    case .encoderRecurrent, .decoderRecurrent: (4 * shape.hidden, shape.hidden)
    case .encoderInputBias, .encoderRecurrentBias, .decoderInputBias, .decoderRecurrentBias:
      (4 * shape.hidden, 1)
    case .latent: (shape.latent, shape.hidden)
    case .latentBias: (shape.latent, 1)
    case .decoderInput: (4 * shape.hidden, shape.latent)
    case .output: (shape.features, shape.hidden)
    case .outputBias: (shape.features, 1)
    }
  }

  var isGates: Bool {
    switch self {
    case .latent, .latentBias, .output, .outputBias: false
    default: true
    }
  }
}

/// Where each tensor lies in the one array that the kernels and Adam work on.
///
/// A gate tensor is [panel][column][gate][unit of the panel], a linear one [column][row], rows
/// padded to a multiple of 16 with zeros.
struct ParameterLayout: Sendable, Hashable {
  let shape: AutoencoderShape
  /// Floats in all, a multiple of 16.
  let count: Int
  private let offsets: [Int]

  init(_ shape: AutoencoderShape) {
    self.shape = shape
    var offsets: [Int] = []
    var next = 0
    for tensor in AutoencoderTensor.allCases {
      offsets.append(next)
      let (rows, columns) = tensor.size(in: shape)
      next += columns * (tensor.isGates ? shape.panels * 64 : (rows + 15) / 16 * 16)
    }
    self.offsets = offsets
    count = next
  }

  func offset(_ tensor: AutoencoderTensor) -> Int {
    switch tensor {
    case .encoderInput: offsets[0]
    case .encoderRecurrent: offsets[1]
    case .encoderInputBias: offsets[2]
    case .encoderRecurrentBias: offsets[3]
    case .latent: offsets[4]
    case .latentBias: offsets[5]
    case .decoderInput: offsets[6]
    case .decoderRecurrent: offsets[7]
    case .decoderInputBias: offsets[8]
    case .decoderRecurrentBias: offsets[9]
    case .output: offsets[10]
    case .outputBias: offsets[11]
    }
  }

  /// The index of each element of `tensor`, row by row.
  func forEachIndex(of tensor: AutoencoderTensor, _ body: (Int) -> Void) {
    let (rows, columns) = tensor.size(in: shape)
    let base = offset(tensor)
    let padded = (rows + 15) / 16 * 16
    for row in 0..<rows {
      let (gate, unit) = row.quotientAndRemainder(dividingBy: shape.hidden)
      for column in 0..<columns {
        body(
          tensor.isGates
            ? base + (unit / 16 * columns + column) * 64 + gate * 16 + unit % 16
            : base + column * padded + row)
      }
    }
  }
}

import CKernels

/// An autoencoder in training: the loss of a batch of windows, its gradient by backpropagation
/// through time, and Adam's step.
///
/// All activations of a batch are kept; every sum runs over time descending and windows ascending
/// in one order, so the same batch gives the same bits. Not for concurrent use.
final class TrainingNetwork {
  let shape: AutoencoderShape
  let capacity: Int
  private let isCentered: Bool
  private let compression: Compression
  let layout: ParameterLayout
  let kernels: Kernels
  /// Parameters, gradient and Adam's moments, as ``ParameterLayout`` lays them out.
  let weights: FloatBuffer
  let gradient: FloatBuffer
  private let m: FloatBuffer
  private let v: FloatBuffer
  private var steps = 0

  private let encoder: LayerState
  private let decoder: LayerState
  /// [window][rows][featuresPadded].
  private let x: FloatBuffer
  private let y: FloatBuffer
  private let squares: FloatBuffer
  private let z: FloatBuffer
  private let dz: FloatBuffer
  private let latentGates: FloatBuffer
  private let dLatentGates: FloatBuffer
  private let dh: FloatBuffer
  private let dc: FloatBuffer
  private let dgates: FloatBuffer
  private let latentTransposed: FloatBuffer
  private let outputTransposed: FloatBuffer
  private let decoderInputTransposed: FloatBuffer
  private let one = FloatBuffer([1])

  /// What one LSTM keeps of a batch, and the forms of its weights that the steps read.
  private struct LayerState {
    let gates, h, c, tanhC, bias, transposed: FloatBuffer

    init(_ shape: AutoencoderShape, _ capacity: Int) {
      gates = FloatBuffer(shape.window * shape.panels * capacity * 64)
      h = FloatBuffer(shape.window * capacity * shape.hiddenPadded)
      c = FloatBuffer(shape.window * capacity * shape.hiddenPadded)
      tanhC = FloatBuffer(shape.window * capacity * shape.hiddenPadded)
      bias = FloatBuffer(shape.panels * 64)
      transposed = FloatBuffer(shape.panels * 64 * shape.hiddenPadded)
    }
  }

  /// - Parameters:
  ///   - capacity: the most windows of a batch.
  ///   - isCentered: whether each window's own mean is taken off its rows first.
  ///   - compression: of the rows, once they are centred.
  init(
    _ parameters: AutoencoderParameters, capacity: Int, isCentered: Bool,
    compression: Compression = .none, kernels: Kernels = .best
  ) {
    self.isCentered = isCentered
    self.compression = compression
    shape = parameters.shape
    layout = parameters.layout
    self.capacity = capacity
    self.kernels = kernels
    weights = FloatBuffer(parameters.packed)
    gradient = FloatBuffer(layout.count)
    m = FloatBuffer(layout.count)
    v = FloatBuffer(layout.count)
    encoder = LayerState(shape, capacity)
    decoder = LayerState(shape, capacity)
    x = FloatBuffer(shape.window * capacity * shape.featuresPadded)
    y = FloatBuffer(shape.window * capacity * shape.featuresPadded)
    squares = FloatBuffer(capacity * shape.featuresPadded)
    z = FloatBuffer(capacity * shape.latentPadded)
    dz = FloatBuffer(capacity * shape.latentPadded)
    latentGates = FloatBuffer(shape.panels * capacity * 64)
    dLatentGates = FloatBuffer(shape.panels * capacity * 64)
    dh = FloatBuffer(capacity * shape.hiddenPadded)
    dc = FloatBuffer(capacity * shape.hiddenPadded)
    dgates = FloatBuffer(shape.panels * capacity * 64)
    latentTransposed = FloatBuffer(shape.latent * shape.hiddenPadded)
    outputTransposed = FloatBuffer(shape.features * shape.hiddenPadded)
    decoderInputTransposed = FloatBuffer(shape.panels * 64 * shape.latentPadded)
    prepare()
  }

  var parameters: AutoencoderParameters {
    AutoencoderParameters(layout: layout, packed: weights.array)
  }

  /// The loss (mean squared error) of the windows of `matrix` that begin at `starts`.
  /// ``gradient`` becomes its gradient where asked for.
  ///
  /// - Precondition: `starts` has 1...``capacity`` elements, each with a full window in `matrix`.
  func loss(of starts: ArraySlice<Int32>, in matrix: FeatureMatrix, withGradient: Bool) -> Double {
    let rows = starts.count
    precondition(rows > 0 && rows <= capacity)
    WindowGather.gather(
      starts, matrix, shape, isCentered: isCentered, compression: compression, to: x.pointer)
    forward(rows)
    let elements = rows * shape.featuresPadded
    let scale = 2 / Float(rows * shape.window * shape.features)
    squares.clear(elements)
    for t in 0..<shape.window {
      let at = t * elements
      kernels.residual(
        count: elements, x: x.pointer + at, y: y.pointer + at, scale: scale, dy: y.pointer + at,
        squares: squares.pointer)
    }
    var sum = 0.0
    for i in 0..<elements { sum += Double(squares.pointer[i]) }
    if withGradient { backward(rows) }
    return sum / Double(rows * shape.window * shape.features)
  }

  /// The Euclidean norm of ``gradient``.
  var gradientNorm: Double {
    kernels.sumOfSquares(count: layout.count, values: gradient.pointer).squareRoot()
  }

  /// Adam with β₁ 0.9, β₂ 0.999, ε 1e-8 (Kingma, Ba: "Adam", 2015).
  func step(rate: Float, gradientScale: Float = 1) {
    steps += 1
    let step = vigil_adam_step(
      beta1: 0.9, beta2: 0.999, rate: rate,
      correction1: Float(1 / (1 - power(0.9, steps))),
      correction2: Float(1 / (1 - power(0.999, steps))), epsilon: 1e-8,
      gradient_scale: gradientScale)
    kernels.adam(
      count: layout.count, gradient: gradient.pointer, step: step, parameters: weights.pointer,
      m: m.pointer, v: v.pointer)
    prepare()
  }

  /// By repeated multiplication: the C library's `pow` need not have the same bits everywhere.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }

  /// Derives what the steps read from ``weights``.
  private func prepare() {
    let base = weights.pointer
    for lane in 0..<shape.panels * 64 {
      encoder.bias.pointer[lane] =
        base[layout.offset(.encoderInputBias) + lane]
        + base[layout.offset(.encoderRecurrentBias) + lane]
      decoder.bias.pointer[lane] =
        base[layout.offset(.decoderInputBias) + lane]
        + base[layout.offset(.decoderRecurrentBias) + lane]
    }
    for panel in 0..<shape.panels {
      let recurrent = panel * shape.hidden * 64
      let square = panel * 64 * shape.hiddenPadded
      transpose(
        base + layout.offset(.encoderRecurrent) + recurrent, shape.hidden, 64,
        to: encoder.transposed.pointer + square, width: shape.hiddenPadded)
      transpose(
        base + layout.offset(.decoderRecurrent) + recurrent, shape.hidden, 64,
        to: decoder.transposed.pointer + square, width: shape.hiddenPadded)
      transpose(
        base + layout.offset(.decoderInput) + panel * shape.latent * 64, shape.latent, 64,
        to: decoderInputTransposed.pointer + panel * 64 * shape.latentPadded,
        width: shape.latentPadded)
    }
    transpose(
      base + layout.offset(.latent), shape.hidden, shape.latent, stride: shape.latentPadded,
      to: latentTransposed.pointer, width: shape.hiddenPadded)
    transpose(
      base + layout.offset(.output), shape.hidden, shape.features, stride: shape.featuresPadded,
      to: outputTransposed.pointer, width: shape.hiddenPadded)
  }

  private func transpose(
    _ source: UnsafePointer<Float>, _ rows: Int, _ columns: Int, stride: Int? = nil,
    to target: UnsafeMutablePointer<Float>, width: Int
  ) {
    let stride = stride ?? columns
    for column in 0..<columns {
      let line = target + column * width
      for row in 0..<rows { line[row] = source[row * stride + column] }
    }
  }

  private func forward(_ rows: Int) {
    let h = rows * shape.hiddenPadded
    for t in 0..<shape.window {
      var step = recurrence(encoder, .encoderRecurrent, rows, t)
      step.`init` = UnsafePointer(encoder.bias.pointer)
      step.init_panel = 64
      step.x = UnsafePointer(x.pointer + t * rows * shape.featuresPadded)
      step.x_row = Int64(shape.featuresPadded)
      step.features = Int64(shape.features)
      step.wx = UnsafePointer(weights.pointer + layout.offset(.encoderInput))
      kernels.forward(step)
    }
    kernels.gemm(
      rows: rows, columns: shape.latentPadded, depth: shape.hidden,
      a: encoder.h.pointer + (shape.window - 1) * h, aRow: shape.hiddenPadded,
      b: weights.pointer + layout.offset(.latent), bRow: shape.latentPadded,
      bias: weights.pointer + layout.offset(.latentBias), c: z.pointer, cRow: shape.latentPadded)
    for panel in 0..<shape.panels {
      kernels.gemm(
        rows: rows, columns: 64, depth: shape.latent, a: z.pointer, aRow: shape.latentPadded,
        b: weights.pointer + layout.offset(.decoderInput) + panel * shape.latent * 64, bRow: 64,
        bias: decoder.bias.pointer + panel * 64, c: latentGates.pointer + panel * rows * 64,
        cRow: 64)
    }
    for t in 0..<shape.window {
      var step = recurrence(decoder, .decoderRecurrent, rows, t)
      step.`init` = UnsafePointer(latentGates.pointer)
      step.init_panel = Int64(rows * 64)
      step.init_row = 64
      kernels.forward(step)
      kernels.gemm(
        rows: rows, columns: shape.featuresPadded, depth: shape.hidden,
        a: decoder.h.pointer + t * h, aRow: shape.hiddenPadded,
        b: weights.pointer + layout.offset(.output), bRow: shape.featuresPadded,
        bias: weights.pointer + layout.offset(.outputBias),
        c: y.pointer + t * rows * shape.featuresPadded, cRow: shape.featuresPadded)
    }
  }

  private func recurrence(
    _ layer: LayerState, _ recurrent: AutoencoderTensor, _ rows: Int, _ t: Int
  ) -> vigil_lstm_step {
    let h = rows * shape.hiddenPadded
    var step = vigil_lstm_step()
    step.rows = Int64(rows)
    step.units = Int64(shape.hidden)
    step.panels = Int64(shape.panels)
    step.width = Int64(shape.hiddenPadded)
    step.wh = UnsafePointer(weights.pointer + layout.offset(recurrent))
    if t > 0 {
      step.h_prev = UnsafePointer(layer.h.pointer + (t - 1) * h)
      step.c_prev = UnsafePointer(layer.c.pointer + (t - 1) * h)
    }
    step.h = layer.h.pointer + t * h
    step.c = layer.c.pointer + t * h
    step.tanh_c = layer.tanhC.pointer + t * h
    step.gates = layer.gates.pointer + t * shape.panels * rows * 64
    return step
  }

  /// ``y`` holds the loss's gradient with respect to the output.
  private func backward(_ rows: Int) {
    gradient.clear()
    dLatentGates.clear(shape.panels * rows * 64)
    dc.clear(rows * shape.hiddenPadded)
    let width = shape.hiddenPadded
    for t in stride(from: shape.window - 1, through: 0, by: -1) {
      let dy = y.pointer + t * rows * shape.featuresPadded
      let h = decoder.h.pointer + t * rows * width
      kernels.gemm(
        rows: rows, columns: width, depth: shape.features, a: dy, aRow: shape.featuresPadded,
        b: outputTransposed.pointer, bRow: width, c: dh.pointer, cRow: width,
        accumulate: t < shape.window - 1)
      addOuterProduct(
        rows, h, width, shape.hidden, dy, shape.featuresPadded, to: .output, bias: [.outputBias])
      backwardStep(decoder, .decoderRecurrent, rows, t, sum: dLatentGates.pointer)
    }
    for panel in 0..<shape.panels {
      let gates = dLatentGates.pointer + panel * rows * 64
      addOuterProduct(
        rows, z.pointer, shape.latentPadded, shape.latent, gates, 64, to: .decoderInput,
        bias: [.decoderInputBias, .decoderRecurrentBias], panel: panel)
      kernels.gemm(
        rows: rows, columns: shape.latentPadded, depth: 64, a: gates, aRow: 64,
        b: decoderInputTransposed.pointer + panel * 64 * shape.latentPadded,
        bRow: shape.latentPadded, c: dz.pointer, cRow: shape.latentPadded, accumulate: panel > 0)
    }
    addOuterProduct(
      rows, encoder.h.pointer + (shape.window - 1) * rows * width, width, shape.hidden, dz.pointer,
      shape.latentPadded, to: .latent, bias: [.latentBias])
    kernels.gemm(
      rows: rows, columns: width, depth: shape.latent, a: dz.pointer, aRow: shape.latentPadded,
      b: latentTransposed.pointer, bRow: width, c: dh.pointer, cRow: width)
    dc.clear(rows * width)
    for t in stride(from: shape.window - 1, through: 0, by: -1) {
      backwardStep(encoder, .encoderRecurrent, rows, t, sum: nil)
      for panel in 0..<shape.panels {
        addOuterProduct(
          rows, x.pointer + t * rows * shape.featuresPadded, shape.featuresPadded, shape.features,
          dgates.pointer + panel * rows * 64, 64, to: .encoderInput,
          bias: [.encoderInputBias, .encoderRecurrentBias], panel: panel)
      }
    }
  }

  /// Through one step of a layer: ``dgates``, the recurrent weights' gradient, and ``dh`` of the
  /// step before.
  private func backwardStep(
    _ layer: LayerState, _ recurrent: AutoencoderTensor, _ rows: Int, _ t: Int,
    sum: UnsafeMutablePointer<Float>?
  ) {
    let width = shape.hiddenPadded
    let h = rows * width
    var step = vigil_lstm_step_gradient()
    step.rows = Int64(rows)
    step.panels = Int64(shape.panels)
    step.width = Int64(width)
    step.gates = UnsafePointer(layer.gates.pointer + t * shape.panels * rows * 64)
    step.tanh_c = UnsafePointer(layer.tanhC.pointer + t * h)
    if t > 0 { step.c_prev = UnsafePointer(layer.c.pointer + (t - 1) * h) }
    step.dh = UnsafePointer(dh.pointer)
    step.dc = dc.pointer
    step.dgates = dgates.pointer
    step.dgates_sum = sum
    kernels.backward(step)
    guard t > 0 else { return }
    for panel in 0..<shape.panels {
      let gates = dgates.pointer + panel * rows * 64
      addOuterProduct(
        rows, layer.h.pointer + (t - 1) * h, width, shape.hidden, gates, 64, to: recurrent,
        bias: [], panel: panel)
      kernels.gemm(
        rows: rows, columns: width, depth: 64, a: gates, aRow: 64,
        b: layer.transposed.pointer + panel * 64 * width, bRow: width, c: dh.pointer, cRow: width,
        accumulate: panel > 0)
    }
  }

  /// Adds Σ over rows of inputᵀ · delta to a tensor's gradient, and the sum of delta to its biases'.
  private func addOuterProduct(
    _ rows: Int, _ input: UnsafePointer<Float>, _ inputRow: Int, _ inputs: Int,
    _ delta: UnsafePointer<Float>, _ columns: Int, to tensor: AutoencoderTensor,
    bias: [AutoencoderTensor], panel: Int = 0
  ) {
    kernels.gemm(
      rows: inputs, columns: columns, depth: rows, a: input, aRow: 1, aColumn: inputRow, b: delta,
      bRow: columns, c: gradient.pointer + layout.offset(tensor) + panel * inputs * columns,
      cRow: columns, accumulate: true)
    for tensor in bias {
      kernels.gemm(
        rows: 1, columns: columns, depth: rows, a: one.pointer, aRow: 0, aColumn: 0, b: delta,
        bRow: columns, c: gradient.pointer + layout.offset(tensor) + panel * columns,
        cRow: columns, accumulate: true)
    }
  }
}

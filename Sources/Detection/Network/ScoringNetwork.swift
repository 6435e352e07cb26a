import CKernels

/// Runs an autoencoder forward over consecutive windows of a feature matrix.
///
/// Not for concurrent use; each scoring task has its own.
final class ScoringNetwork {
  /// Windows computed together.
  static let batch = 64

  let shape: AutoencoderShape
  private let isCentered: Bool
  private let compression: Compression
  private let kernels: Kernels
  private let layout: ParameterLayout
  private let weights: FloatBuffer
  private let encoderBias: FloatBuffer
  private let decoderBias: FloatBuffer
  private var capacity = 0
  private var workspace = Workspace(shape: nil, rows: 0, isCentered: false)

  private struct Workspace {
    let projection, centered, h0, h1, c, z, latentGates, decoded, output: FloatBuffer
    /// [window][rows][featuresPadded], where steps are told apart.
    var squares = FloatBuffer(0)

    init(shape: AutoencoderShape?, rows: Int, isCentered: Bool) {
      guard let shape else {
        let none = FloatBuffer(0)
        (projection, centered, h0, h1, c) = (none, none, none, none, none)
        (z, latentGates, decoded, output) = (none, none, none, none)
        return
      }
      let steps = max(1, ScoringNetwork.batch / rows)
      projection = FloatBuffer(isCentered ? 0 : shape.panels * (rows + shape.window - 1) * 64)
      centered = FloatBuffer(isCentered ? shape.window * rows * shape.featuresPadded : 0)
      h0 = FloatBuffer(rows * shape.hiddenPadded)
      h1 = FloatBuffer(rows * shape.hiddenPadded)
      c = FloatBuffer(rows * shape.hiddenPadded)
      z = FloatBuffer(rows * shape.latentPadded)
      latentGates = FloatBuffer(shape.panels * rows * 64)
      decoded = FloatBuffer(steps * rows * shape.hiddenPadded)
      output = FloatBuffer(steps * rows * shape.featuresPadded)
    }
  }

  /// - Parameters:
  ///   - isCentered: whether each window's own mean is taken off its rows first.
  ///   - compression: of the rows, once they are centred.
  init(
    _ parameters: AutoencoderParameters, isCentered: Bool, compression: Compression = .none,
    kernels: Kernels = .best
  ) {
    self.isCentered = isCentered
    self.compression = compression
    shape = parameters.shape
    layout = parameters.layout
    self.kernels = kernels
    weights = FloatBuffer(parameters.packed)
    encoderBias = FloatBuffer(shape.panels * 64)
    decoderBias = FloatBuffer(shape.panels * 64)
    let layout = layout
    for lane in 0..<shape.panels * 64 {
      encoderBias.pointer[lane] =
        weights.pointer[layout.offset(.encoderInputBias) + lane]
        + weights.pointer[layout.offset(.encoderRecurrentBias) + lane]
      decoderBias.pointer[lane] =
        weights.pointer[layout.offset(.decoderInputBias) + lane]
        + weights.pointer[layout.offset(.decoderRecurrentBias) + lane]
    }
  }

  /// Squared errors of `windows` windows that begin at consecutive rows.
  ///
  /// - Parameters:
  ///   - rows: [windows + window − 1][featuresPadded], the padding zero.
  ///   - loss: says which of the window's steps count.
  ///   - errors: [windows][featuresPadded], becomes the sum over those steps.
  ///   - outputs: [window][windows][featuresPadded] where given, the reconstruction (for one batch).
  func errors(
    rows: UnsafePointer<Float>, windows: Int, loss: ReconstructionLoss,
    errors: UnsafeMutablePointer<Float>, outputs: UnsafeMutablePointer<Float>? = nil
  ) {
    errors.update(repeating: 0, count: windows * shape.featuresPadded)
    var start = 0
    while start < windows {
      let count = min(Self.batch, windows - start)
      if count > capacity || workspace.decoded.count == 0 {
        capacity = count
        workspace = Workspace(shape: shape, rows: count, isCentered: isCentered)
      }
      if loss == .trimmed, workspace.squares.count == 0 {
        workspace.squares = FloatBuffer(shape.window * capacity * shape.featuresPadded)
      }
      let first = rows + start * shape.featuresPadded
      encode(first, count)
      let target = errors + start * shape.featuresPadded
      if loss == .trimmed {
        let squares = workspace.squares.pointer
        squares.update(repeating: 0, count: shape.window * count * shape.featuresPadded)
        decode(first, count, loss, errors: squares, outputs: outputs)
        let trimming = StepTrimming(shape, loss)
        for window in 0..<count {
          trimming.sum(
            squares + window * shape.featuresPadded, step: count * shape.featuresPadded,
            to: target + window * shape.featuresPadded)
        }
      } else {
        decode(first, count, loss, errors: target, outputs: outputs)
      }
      start += count
    }
  }

  private func encode(_ rows: UnsafePointer<Float>, _ count: Int) {
    let work = workspace
    let input = weights.pointer + layout.offset(.encoderInput)
    var step = recurrence(count, weights.pointer + layout.offset(.encoderRecurrent))
    if isCentered {
      WindowGather.centered(
        rows, count, shape, compression: compression, to: work.centered.pointer)
      step.`init` = UnsafePointer(encoderBias.pointer)
      step.init_panel = 64
      step.x_row = Int64(shape.featuresPadded)
      step.features = Int64(shape.features)
      step.wx = UnsafePointer(input)
      for t in 0..<shape.window {
        step.x = UnsafePointer(work.centered.pointer + t * count * shape.featuresPadded)
        advance(&step, t, from: work.h0.pointer, to: work.h1.pointer)
      }
    } else {
      // Neighbouring windows share rows: W_ih x once for a row, not once for a window.
      let projected = count + shape.window - 1
      for panel in 0..<shape.panels {
        kernels.gemm(
          rows: projected, columns: 64, depth: shape.features, a: rows, aRow: shape.featuresPadded,
          b: input + panel * shape.features * 64, bRow: 64, bias: encoderBias.pointer + panel * 64,
          c: work.projection.pointer + panel * projected * 64, cRow: 64)
      }
      step.init_panel = Int64(projected * 64)
      step.init_row = 64
      for t in 0..<shape.window {
        step.`init` = UnsafePointer(work.projection.pointer + t * 64)
        advance(&step, t, from: work.h0.pointer, to: work.h1.pointer)
      }
    }
    let last = (shape.window - 1) % 2 == 0 ? work.h0 : work.h1
    kernels.gemm(
      rows: count, columns: shape.latentPadded, depth: shape.hidden, a: last.pointer,
      aRow: shape.hiddenPadded,
      b: weights.pointer + layout.offset(.latent), bRow: shape.latentPadded,
      bias: weights.pointer + layout.offset(.latentBias), c: work.z.pointer,
      cRow: shape.latentPadded)
  }

  /// - Parameter errors: where squared errors are added: [count][featuresPadded] for all steps
  ///   together, or for each step where `loss` tells them apart.
  private func decode(
    _ rows: UnsafePointer<Float>, _ count: Int, _ loss: ReconstructionLoss,
    errors: UnsafeMutablePointer<Float>, outputs: UnsafeMutablePointer<Float>?
  ) {
    let lastOnly = loss == .last
    let work = workspace
    let width = shape.hiddenPadded
    let input = weights.pointer + layout.offset(.decoderInput)
    for panel in 0..<shape.panels {
      kernels.gemm(
        rows: count, columns: 64, depth: shape.latent, a: work.z.pointer, aRow: shape.latentPadded,
        b: input + panel * shape.latent * 64, bRow: 64, bias: decoderBias.pointer + panel * 64,
        c: work.latentGates.pointer + panel * count * 64, cRow: 64)
    }
    var step = recurrence(count, weights.pointer + layout.offset(.decoderRecurrent))
    step.`init` = UnsafePointer(work.latentGates.pointer)
    step.init_panel = Int64(count * 64)
    step.init_row = 64
    // Few windows decode several steps before the output layer sees them, so that it has rows
    // enough to work on.
    let stepsAtOnce = max(1, Self.batch / capacity)
    let block = count * width
    var h = UnsafePointer<Float>(work.h0.pointer)
    var t = 0
    while t < shape.window {
      let steps = lastOnly ? 1 : min(stepsAtOnce, shape.window - t)
      for slot in 0..<steps {
        let target =
          lastOnly
          ? (t % 2 == 0 ? work.h0.pointer : work.h1.pointer)
          : work.decoded.pointer + slot * block
        if !lastOnly, slot == 0, t > 0 {
          // The previous step's output may lie where this one's goes.
          work.h0.pointer.update(from: h, count: block)
          h = UnsafePointer(work.h0.pointer)
        }
        step.h_prev = t + slot == 0 ? nil : h
        step.c_prev = t + slot == 0 ? nil : UnsafePointer(work.c.pointer)
        step.h = target
        step.reverse = Int64((t + slot) % 2)
        kernels.forward(step)
        h = UnsafePointer(target)
      }
      if !lastOnly || t == shape.window - 1 {
        let decoded = lastOnly ? h : UnsafePointer(work.decoded.pointer)
        let errorStep = loss == .trimmed ? count * shape.featuresPadded : 0
        emit(
          rows, count, from: t, steps: steps, decoded: decoded, errors: errors,
          errorStep: errorStep, outputs: outputs)
      }
      t += steps
    }
  }

  private func emit(
    _ rows: UnsafePointer<Float>, _ count: Int, from t: Int, steps: Int,
    decoded: UnsafePointer<Float>, errors: UnsafeMutablePointer<Float>, errorStep: Int,
    outputs: UnsafeMutablePointer<Float>?
  ) {
    let length = count * shape.featuresPadded
    let output = workspace.output.pointer
    kernels.gemm(
      rows: steps * count, columns: shape.featuresPadded, depth: shape.hidden, a: decoded,
      aRow: shape.hiddenPadded, b: weights.pointer + layout.offset(.output),
      bRow: shape.featuresPadded, bias: weights.pointer + layout.offset(.outputBias), c: output,
      cRow: shape.featuresPadded)
    for slot in 0..<steps {
      let x =
        isCentered
        ? UnsafePointer(workspace.centered.pointer + (t + slot) * length)
        : rows + (t + slot) * shape.featuresPadded
      kernels.residual(
        count: length, x: x, y: output + slot * length, squares: errors + (t + slot) * errorStep)
      outputs.map { ($0 + (t + slot) * length).update(from: output + slot * length, count: length) }
    }
  }

  private func recurrence(_ count: Int, _ recurrent: UnsafePointer<Float>) -> vigil_lstm_step {
    var step = vigil_lstm_step()
    step.rows = Int64(count)
    step.units = Int64(shape.hidden)
    step.panels = Int64(shape.panels)
    step.width = Int64(shape.hiddenPadded)
    step.wh = recurrent
    step.c = workspace.c.pointer
    return step
  }

  private func advance(
    _ step: inout vigil_lstm_step, _ t: Int, from even: UnsafeMutablePointer<Float>,
    to odd: UnsafeMutablePointer<Float>
  ) {
    step.h_prev = t == 0 ? nil : UnsafePointer(t % 2 == 0 ? odd : even)
    step.c_prev = t == 0 ? nil : UnsafePointer(step.c)
    step.h = t % 2 == 0 ? even : odd
    step.reverse = Int64(t % 2)
    kernels.forward(step)
  }
}

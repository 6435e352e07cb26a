import Foundation

@testable import Detection

/// The autoencoder in double, straight from the equations, one window at a time: what the batched
/// network is held against.
struct ReferenceAutoencoder {
  let shape: AutoencoderShape
  var tensors: [AutoencoderTensor: [Double]]

  struct Step {
    var input, h, c, i, f, g, o, hPrevious, cPrevious: [Double]
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  private func apply(_ name: AutoencoderTensor, _ x: [Double]) -> [Double] {
    let w = tensors[name] ?? []
    return w.withUnsafeBufferPointer { w in
      x.withUnsafeBufferPointer { x in
        (0..<w.count / x.count).map { row in
          var sum = 0.0
          for k in 0..<x.count { sum += w[row * x.count + k] * x[k] }
          return sum
        }
      }
    }
  }

  private func sum(_ parts: [Double]...) -> [Double] {
    parts[0].indices.map { i in parts.reduce(0) { $0 + $1[i] } }
  }

  private func run(
    _ inputs: [[Double]], _ wx: AutoencoderTensor, _ wh: AutoencoderTensor,
    _ bx: AutoencoderTensor, _ bh: AutoencoderTensor
  ) -> [Step] {
    let units = shape.hidden
    var (h, c) = ([Double](repeating: 0, count: units), [Double](repeating: 0, count: units))
    return inputs.map { x in
      let a = sum(apply(wx, x), apply(wh, h), tensors[bx] ?? [], tensors[bh] ?? [])
      let i = a[0..<units].map(sigmoid)
      let f = a[units..<2 * units].map(sigmoid)
      let g = a[2 * units..<3 * units].map { tanh($0) }
      let o = a[3 * units..<4 * units].map(sigmoid)
      let next = (0..<units).map { f[$0] * c[$0] + i[$0] * g[$0] }
      let out = (0..<units).map { o[$0] * tanh(next[$0]) }
      defer { (h, c) = (out, next) }
      return Step(
        input: x, h: out, c: next, i: i, f: f, g: g, o: o, hPrevious: h, cPrevious: c)
    }
  }

  struct Pass {
    var encoder, decoder: [Step]
    var z: [Double]
    var output: [[Double]]
  }

  func forward(_ window: [[Double]]) -> Pass {
    let encoder = run(
      window, .encoderInput, .encoderRecurrent, .encoderInputBias, .encoderRecurrentBias)
    let z = sum(apply(.latent, encoder[encoder.count - 1].h), tensors[.latentBias] ?? [])
    let decoder = run(
      Array(repeating: z, count: window.count), .decoderInput, .decoderRecurrent,
      .decoderInputBias, .decoderRecurrentBias)
    let output = decoder.map { sum(apply(.output, $0.h), tensors[.outputBias] ?? []) }
    return Pass(encoder: encoder, decoder: decoder, z: z, output: output)
  }

  func loss(_ windows: [[[Double]]]) -> Double {
    var total = 0.0
    for window in windows {
      for (x, y) in zip(window, forward(window).output) {
        for (a, b) in zip(x, y) { total += (a - b) * (a - b) }
      }
    }
    return total / Double(windows.count * shape.window * shape.features)
  }

  func gradient(_ windows: [[[Double]]]) -> [AutoencoderTensor: [Double]] {
    var gradient = tensors.mapValues { [Double](repeating: 0, count: $0.count) }
    let scale = 2 / Double(windows.count * shape.window * shape.features)
    for window in windows {
      let pass = forward(window)
      var dz = [Double](repeating: 0, count: shape.latent)
      var direct: [[Double]] = []
      for t in window.indices {
        let dy = (0..<shape.features).map { scale * (pass.output[t][$0] - window[t][$0]) }
        add(&gradient, .output, .outputBias, dy, pass.decoder[t].h)
        direct.append(back(.output, dy, columns: shape.hidden))
      }
      backward(
        &gradient, pass.decoder, direct, .decoderInput, .decoderRecurrent, .decoderInputBias,
        .decoderRecurrentBias
      ) { gates in
        dz = sum(dz, back(.decoderInput, gates, columns: shape.latent))
      }
      add(&gradient, .latent, .latentBias, dz, pass.encoder[window.count - 1].h)
      direct = window.indices.map { t in
        t == window.count - 1
          ? back(.latent, dz, columns: shape.hidden)
          : [Double](repeating: 0, count: shape.hidden)
      }
      backward(
        &gradient, pass.encoder, direct, .encoderInput, .encoderRecurrent, .encoderInputBias,
        .encoderRecurrentBias
      ) { _ in }
    }
    return gradient
  }

  private func backward(
    _ gradient: inout [AutoencoderTensor: [Double]], _ steps: [Step], _ direct: [[Double]],
    _ wx: AutoencoderTensor, _ wh: AutoencoderTensor, _ bx: AutoencoderTensor,
    _ bh: AutoencoderTensor, _ visit: ([Double]) -> Void
  ) {
    let units = shape.hidden
    var dh = [Double](repeating: 0, count: units)
    var dc = dh
    for t in steps.indices.reversed() {
      let s = steps[t]
      var gates = [Double](repeating: 0, count: 4 * units)
      for u in 0..<units {
        let h = dh[u] + direct[t][u]
        let tanhC = tanh(s.c[u])
        let c = dc[u] + h * s.o[u] * (1 - tanhC * tanhC)
        gates[u] = c * s.g[u] * s.i[u] * (1 - s.i[u])
        gates[units + u] = c * s.cPrevious[u] * s.f[u] * (1 - s.f[u])
        gates[2 * units + u] = c * s.i[u] * (1 - s.g[u] * s.g[u])
        gates[3 * units + u] = h * tanhC * s.o[u] * (1 - s.o[u])
        dc[u] = c * s.f[u]
      }
      add(&gradient, wx, bx, gates, s.input)
      add(&gradient, wh, bh, gates, s.hPrevious)
      dh = back(wh, gates, columns: units)
      visit(gates)
    }
  }

  private func add(
    _ gradient: inout [AutoencoderTensor: [Double]], _ weight: AutoencoderTensor,
    _ bias: AutoencoderTensor, _ delta: [Double], _ input: [Double]
  ) {
    gradient[weight]?.withUnsafeMutableBufferPointer { g in
      for r in 0..<delta.count {
        for k in 0..<input.count { g[r * input.count + k] += delta[r] * input[k] }
      }
    }
    gradient[bias] = sum(gradient[bias] ?? [], delta)
  }

  private func back(_ weight: AutoencoderTensor, _ delta: [Double], columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: columns)
    (tensors[weight] ?? []).withUnsafeBufferPointer { w in
      for r in 0..<delta.count {
        for k in 0..<columns { result[k] += delta[r] * w[r * columns + k] }
      }
    }
    return result
  }
}

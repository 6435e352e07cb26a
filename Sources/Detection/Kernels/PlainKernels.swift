import CKernels

// For linking alone: fused multiply-add is in the C math library where the processor may lack it.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The kernels in plain Swift: the definition that the vector kernels must match bit for bit, and
/// what runs where there are none.
enum PlainKernels {
  static let block = Int(VIGIL_LSTM_BLOCK)
  static let panel = 4 * block

  private static let tanhP: [Float] = [
    1, 0x1.120b1cp-3, 0x1.ca2c76p-9, 0x1.59c350p-16, 0x1.cadcccp-27,
  ]
  private static let tanhQ: [Float] = [
    1, 0x1.de5ad8p-2, 0x1.a7f7ecp-6, 0x1.588614p-12, 0x1.a1802cp-21,
  ]
  private static let sigmoidP: [Float] = [
    0.25, 0x1.120b1cp-7, 0x1.ca2c76p-15, 0x1.59c350p-24, 0x1.cadcccp-37,
  ]
  private static let sigmoidQ: [Float] = [
    1, 0x1.de5ad8p-4, 0x1.a7f7ecp-10, 0x1.588614p-18, 0x1.a1802cp-29,
  ]

  /// Within 4e-7 of tanh; NaN stays NaN.
  static func hyperbolicTangent(_ value: Float) -> Float {
    let x = clamp(value, 9)
    return polynomial(tanhP, x * x) * x / polynomial(tanhQ, x * x)
  }

  /// Within 3e-7 of the logistic function; NaN stays NaN.
  static func sigmoid(_ value: Float) -> Float {
    let x = clamp(value, 18)
    return polynomial(sigmoidP, x * x) * x / polynomial(sigmoidQ, x * x) + 0.5
  }

  private static func clamp(_ x: Float, _ limit: Float) -> Float {
    x > limit ? limit : (x < -limit ? -limit : x)
  }

  private static func polynomial(_ coefficients: [Float], _ y: Float) -> Float {
    var sum = coefficients[4]
    sum = coefficients[3].addingProduct(sum, y)
    sum = coefficients[2].addingProduct(sum, y)
    sum = coefficients[1].addingProduct(sum, y)
    return coefficients[0].addingProduct(sum, y)
  }

  static func gemm(
    rows: Int, columns: Int, depth: Int, a: UnsafePointer<Float>, aRow: Int, aColumn: Int,
    b: UnsafePointer<Float>, bRow: Int, bias: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>, cRow: Int, accumulate: Bool
  ) {
    for m in 0..<rows {
      let row = c + m * cRow
      if !accumulate {
        for n in 0..<columns { row[n] = bias.map { $0[n] } ?? 0 }
      }
      for k in 0..<depth {
        let factor = a[m * aRow + k * aColumn]
        let line = b + k * bRow
        for n in 0..<columns { row[n].addProduct(factor, line[n]) }
      }
    }
  }

  static func forward(_ s: vigil_lstm_step) {
    let width = Int(s.width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: panel) { gates in
      for p in 0..<Int(s.panels) {
        for n in 0..<Int(s.rows) {
          for lane in 0..<panel {
            gates[lane] = s.`init`[p * Int(s.init_panel) + n * Int(s.init_row) + lane]
          }
          if let x = s.x {
            let features = Int(s.features)
            for k in 0..<features {
              let factor = x[n * Int(s.x_row) + k]
              let line = s.wx + (p * features + k) * panel
              for lane in 0..<panel { gates[lane].addProduct(factor, line[lane]) }
            }
          }
          if let h = s.h_prev {
            let units = Int(s.units)
            for k in 0..<units {
              let factor = h[n * width + k]
              let line = s.wh + (p * units + k) * panel
              for lane in 0..<panel { gates[lane].addProduct(factor, line[lane]) }
            }
          }
          for unit in 0..<block {
            let at = n * width + p * block + unit
            let i = sigmoid(gates[unit])
            let f = sigmoid(gates[block + unit])
            let g = hyperbolicTangent(gates[2 * block + unit])
            let o = sigmoid(gates[3 * block + unit])
            var c = i * g
            if let previous = s.c_prev { c.addProduct(f, previous[at]) }
            let t = hyperbolicTangent(c)
            s.c[at] = c
            s.h[at] = o * t
            s.tanh_c?[at] = t
            if let kept = s.gates {
              let row = kept + (p * Int(s.rows) + n) * panel + unit
              row[0] = i
              row[block] = f
              row[2 * block] = g
              row[3 * block] = o
            }
          }
        }
      }
    }
  }

  static func backward(_ s: vigil_lstm_step_gradient) {
    for p in 0..<Int(s.panels) {
      for n in 0..<Int(s.rows) {
        for unit in 0..<block {
          let gate = (p * Int(s.rows) + n) * panel + unit
          let at = n * Int(s.width) + p * block + unit
          let i = s.gates[gate]
          let f = s.gates[gate + block]
          let g = s.gates[gate + 2 * block]
          let o = s.gates[gate + 3 * block]
          let t = s.tanh_c[at]
          let dh = s.dh[at]
          let dc = s.dc[at].addingProduct(dh * o, 1 - t * t)
          let previous = s.c_prev.map { $0[at] } ?? 0
          s.dc[at] = dc * f
          let out = s.dgates + gate
          out[0] = dc * g * (i * (1 - i))
          out[block] = dc * previous * (f * (1 - f))
          out[2 * block] = dc * i * (1 - g * g)
          out[3 * block] = dh * t * (o * (1 - o))
          if let sum = s.dgates_sum {
            for k in 0..<4 { sum[gate + k * block] += out[k * block] }
          }
        }
      }
    }
  }

  static func residual(
    count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, scale: Float,
    dy: UnsafeMutablePointer<Float>?, squares: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count {
      let e = y[i] - x[i]
      squares[i].addProduct(e, e)
      dy?[i] = e * scale
    }
  }

  static func adam(
    count: Int, gradient: UnsafePointer<Float>, step s: vigil_adam_step,
    parameters: UnsafeMutablePointer<Float>, m: UnsafeMutablePointer<Float>,
    v: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count {
      let g = gradient[i] * s.gradient_scale
      let mi = ((1 - s.beta1) * g).addingProduct(s.beta1, m[i])
      let vi = ((1 - s.beta2) * (g * g)).addingProduct(s.beta2, v[i])
      m[i] = mi
      v[i] = vi
      let size = (vi * s.correction2).squareRoot() + s.epsilon
      parameters[i] -= s.rate * (mi * s.correction1) / size
    }
  }

  static func squares(
    count: Int, values: UnsafePointer<Float>, lanes: UnsafeMutablePointer<Float>
  ) {
    for lane in 0..<block { lanes[lane] = 0 }
    for i in 0..<count { lanes[i % block].addProduct(values[i], values[i]) }
  }
}

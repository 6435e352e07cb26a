import CKernels
import Foundation
import Testing

@testable import Detection

@Suite("Vector kernels give the bits of the plain ones")
struct KernelTests {
  static let vectors = Kernels.available.dropLast().map(\.name)

  private func buffer(_ random: inout SplitMix64, _ count: Int, scale: Float = 1) -> FloatBuffer {
    FloatBuffer(random.symmetric(count).map { $0 * scale })
  }

  private func bits(_ buffer: FloatBuffer) -> [UInt32] { buffer.array.map(\.bitPattern) }

  @Test("matrix product over odd sizes and strides", arguments: vectors)
  func gemm(name: String) throws {
    let kernels = try GoldenTests.kernels(name)
    for seed in 1...12 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let (rows, columns, depth) = (
        1 + random.below(15), 16 * (1 + random.below(9)), random.below(20)
      )
      let transposed = random.below(2) == 1
      let a = buffer(&random, max(1, rows * depth))
      let b = buffer(&random, max(1, depth * columns))
      let bias = buffer(&random, columns)
      let start = random.symmetric(rows * columns)
      for (accumulate, withBias) in [(false, false), (false, true), (true, false)] {
        let results = [Kernels.plain, kernels].map { kernels in
          let c = FloatBuffer(start)
          kernels.gemm(
            rows: rows, columns: columns, depth: depth, a: a.pointer,
            aRow: transposed ? 1 : depth, aColumn: transposed ? rows : 1, b: b.pointer,
            bRow: columns, bias: withBias ? UnsafePointer(bias.pointer) : nil, c: c.pointer,
            cRow: columns, accumulate: accumulate)
          return bits(c)
        }
        #expect(results[0] == results[1], "seed \(seed) \(rows)×\(columns)×\(depth)")
      }
    }
  }

  @Test("forward and backward step over odd numbers of windows", arguments: vectors)
  func steps(name: String) throws {
    let kernels = try GoldenTests.kernels(name)
    for seed in 1...14 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let rows = Int(seed)
      let units = 1 + random.below(40)
      let panels = (units + 15) / 16
      let features = 1 + random.below(6)
      let width = panels * 16
      let bias = buffer(&random, panels * 64)
      let x = buffer(&random, rows * 16)
      let wx = buffer(&random, panels * features * 64)
      // Weights that reach where the gates saturate.
      let wh = buffer(&random, panels * units * 64, scale: 4)
      let hPrevious = buffer(&random, rows * width)
      let cPrevious = buffer(&random, rows * width, scale: 3)
      let dh = buffer(&random, rows * width)
      let dcStart = random.symmetric(rows * width)
      let isFirst = seed % 3 == 0
      let results = [Kernels.plain, kernels].map { kernels in
        let (h, c, tanhC) = (
          FloatBuffer(rows * width), FloatBuffer(rows * width), FloatBuffer(rows * width)
        )
        let gates = FloatBuffer(panels * rows * 64)
        var step = vigil_lstm_step()
        step.rows = Int64(rows)
        step.units = Int64(units)
        step.panels = Int64(panels)
        step.width = Int64(width)
        step.reverse = Int64(seed % 2)
        step.`init` = UnsafePointer(bias.pointer)
        step.init_panel = 64
        step.x = UnsafePointer(x.pointer)
        step.x_row = 16
        step.features = Int64(features)
        step.wx = UnsafePointer(wx.pointer)
        step.wh = UnsafePointer(wh.pointer)
        step.h_prev = isFirst ? nil : UnsafePointer(hPrevious.pointer)
        step.c_prev = isFirst ? nil : UnsafePointer(cPrevious.pointer)
        step.h = h.pointer
        step.c = c.pointer
        step.gates = gates.pointer
        step.tanh_c = tanhC.pointer
        kernels.forward(step)
        let dc = FloatBuffer(dcStart)
        let dgates = FloatBuffer(panels * rows * 64)
        let sum = FloatBuffer(panels * rows * 64)
        var back = vigil_lstm_step_gradient()
        back.rows = step.rows
        back.panels = step.panels
        back.width = step.width
        back.gates = UnsafePointer(gates.pointer)
        back.tanh_c = UnsafePointer(tanhC.pointer)
        back.c_prev = step.c_prev
        back.dh = UnsafePointer(dh.pointer)
        back.dc = dc.pointer
        back.dgates = dgates.pointer
        back.dgates_sum = sum.pointer
        kernels.backward(back)
        kernels.backward(back)
        return [h, c, tanhC, gates, dc, dgates, sum].map(bits)
      }
      #expect(results[0] == results[1], "seed \(seed), \(rows) windows, \(units) units")
    }
  }

  @Test("scaling gives the bits of the plain code, and leaves what is not finite alone")
  func scaling() {
    var random = SplitMix64(seed: 12)
    for compression in [Compression.none, .asinh, .asinh3] {
      for count in [0, 1, 3, 7, 8, 9, 63, 64, 65, 200] {
        let scaler = Scaler(
          offsets: [Double(random.symmetric()) * 100], scales: [Double(random.nextUnit()) + 1e-3],
          compression: compression)
        let values = (0..<count).map { index -> Double in
          switch index % 11 {
          case 3: [.nan, .infinity, -.infinity][random.below(3)]
          case 5: scaler.offsets[0]
          case 7: Double(random.symmetric()) * 1e12
          case 9: scaler.offsets[0] + Double(random.symmetric()) * 1e-9
          default: Double(random.symmetric()) * 500
          }
        }
        let expected = values.map { $0.isFinite ? scaler.scale($0, feature: 0).bitPattern : 77 }
        for kernel in ScaleKernel.available.map(Optional.some) + [nil] {
          let target = FloatBuffer(max(1, 3 * count))
          for index in 0..<3 * count { target.pointer[index] = Float(bitPattern: 77) }
          scaler.scale(values[...], feature: 0, to: target.pointer, step: 3, kernel: kernel)
          #expect((0..<count).map { target.pointer[3 * $0].bitPattern } == expected)
        }
      }
    }
  }

  @Test("residual, Adam and sum of squares", arguments: vectors)
  func elementwise(name: String) throws {
    let kernels = try GoldenTests.kernels(name)
    var random = SplitMix64(seed: 5)
    let count = 16 * 7
    let (x, y) = (buffer(&random, count), buffer(&random, count))
    let results = [Kernels.plain, kernels].map { kernels in
      let (dy, squares) = (FloatBuffer(count), FloatBuffer(count))
      let (m, v, p) = (FloatBuffer(count), FloatBuffer(count), FloatBuffer(x.array))
      for step in 1...3 {
        kernels.residual(
          count: count, x: x.pointer, y: y.pointer, scale: 0.3, dy: dy.pointer,
          squares: squares.pointer)
        kernels.adam(
          count: count, gradient: dy.pointer,
          step: vigil_adam_step(
            beta1: 0.9, beta2: 0.999, rate: 0.01, correction1: 10 / Float(step),
            correction2: 1000 / Float(step), epsilon: 1e-8, gradient_scale: 0.7),
          parameters: p.pointer, m: m.pointer, v: v.pointer)
      }
      let norm = kernels.sumOfSquares(count: count, values: y.pointer)
      return [dy, squares, m, v, p].map(bits) + [[UInt32(truncatingIfNeeded: norm.bitPattern)]]
    }
    #expect(results[0] == results[1])
  }

  @Test("tanh and σ stay within their stated error, also where they saturate")
  func activations() {
    for i in -6000...6000 {
      let x = Float(i) * 0.004
      #expect(abs(Double(PlainKernels.hyperbolicTangent(x)) - Foundation.tanh(Double(x))) < 4e-7)
      #expect(abs(Double(PlainKernels.sigmoid(x)) - 1 / (1 + exp(-Double(x)))) < 3e-7)
    }
    #expect(
      PlainKernels.hyperbolicTangent(.infinity) >= 1
        && PlainKernels.hyperbolicTangent(.infinity) < 1.000001)
    #expect(abs(PlainKernels.sigmoid(-.infinity)) < 3e-7)
    #expect(PlainKernels.hyperbolicTangent(.nan).isNaN && PlainKernels.sigmoid(.nan).isNaN)
  }
}

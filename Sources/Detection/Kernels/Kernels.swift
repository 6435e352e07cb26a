import CKernels

/// The kernels that this processor runs, chosen once.
///
/// All implementations give the same bits, so a model trained or scored on one machine agrees with
/// another of a different vector width.
///
/// Unchecked because of the pointer: it is to a constant table.
struct Kernels: @unchecked Sendable {
  let name: String
  private let table: UnsafePointer<vigil_lstm_kernels>?

  static let plain = Kernels(name: "plain", table: nil)

  /// Fastest first; ``plain`` is always last.
  static let available: [Kernels] = {
    let vectors: [(String, UnsafePointer<vigil_lstm_kernels>?)] = [
      ("avx512", vigil_lstm_kernels_avx512()),
      ("avx2", vigil_lstm_kernels_avx2()),
      ("neon", vigil_lstm_kernels_neon()),
    ]
    return vectors.compactMap { name, table in
      table.map { Kernels(name: name, table: $0) }
    } + [plain]
  }()

  static let best = available[0]

  /// `c[m][n] = start + Σ a[m·aRow + k·aColumn] · b[k·bRow + n]`; start is `c` where `accumulate`,
  /// else the bias, else 0.
  ///
  /// - Parameter columns: a multiple of 16.
  func gemm(
    rows: Int, columns: Int, depth: Int, a: UnsafePointer<Float>, aRow: Int, aColumn: Int = 1,
    b: UnsafePointer<Float>, bRow: Int, bias: UnsafePointer<Float>? = nil,
    c: UnsafeMutablePointer<Float>, cRow: Int, accumulate: Bool = false
  ) {
    if let gemm = table?.pointee.gemm {
      gemm(
        Int64(rows), Int64(columns), Int64(depth), a, Int64(aRow), Int64(aColumn), b, Int64(bRow),
        bias, c, Int64(cRow), accumulate ? 1 : 0)
    } else {
      PlainKernels.gemm(
        rows: rows, columns: columns, depth: depth, a: a, aRow: aRow, aColumn: aColumn, b: b,
        bRow: bRow, bias: bias, c: c, cRow: cRow, accumulate: accumulate)
    }
  }

  func forward(_ step: vigil_lstm_step) {
    if let forward = table?.pointee.forward {
      withUnsafePointer(to: step) { forward($0) }
    } else {
      PlainKernels.forward(step)
    }
  }

  func backward(_ step: vigil_lstm_step_gradient) {
    if let backward = table?.pointee.backward {
      withUnsafePointer(to: step) { backward($0) }
    } else {
      PlainKernels.backward(step)
    }
  }

  /// Adds (y − x)² to `squares`; `dy`, where given, becomes scale·(y − x).
  func residual(
    count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, scale: Float = 0,
    dy: UnsafeMutablePointer<Float>? = nil, squares: UnsafeMutablePointer<Float>
  ) {
    if let residual = table?.pointee.residual {
      residual(Int64(count), x, y, scale, dy, squares)
    } else {
      PlainKernels.residual(count: count, x: x, y: y, scale: scale, dy: dy, squares: squares)
    }
  }

  func adam(
    count: Int, gradient: UnsafePointer<Float>, step: vigil_adam_step,
    parameters: UnsafeMutablePointer<Float>, m: UnsafeMutablePointer<Float>,
    v: UnsafeMutablePointer<Float>
  ) {
    if let adam = table?.pointee.adam {
      withUnsafePointer(to: step) { adam(Int64(count), gradient, $0, parameters, m, v) }
    } else {
      PlainKernels.adam(
        count: count, gradient: gradient, step: step, parameters: parameters, m: m, v: v)
    }
  }

  /// The sum of squares, in sixteen interleaved float sums that are then added in double.
  func sumOfSquares(count: Int, values: UnsafePointer<Float>) -> Double {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: PlainKernels.block) { lanes in
      guard let lanes = lanes.baseAddress else { return 0 }
      if let squares = table?.pointee.squares {
        squares(Int64(count), values, lanes)
      } else {
        PlainKernels.squares(count: count, values: values, lanes: lanes)
      }
      return (0..<PlainKernels.block).reduce(0.0) { $0 + Double(lanes[$1]) }
    }
  }
}

import CKernels

/// The vector kernels that scale values as ``Scaler`` does, to the same bits.
enum ScaleKernel {
  /// Values handed to a kernel at a time.
  static let atOnce = 64

  /// Those that this processor runs, the fastest first.
  static let available: [vigil_scale_kernel] = [vigil_scale_avx512(), vigil_scale_avx2()]
    .compactMap { $0 }

  /// Nil where there are none.
  static let best = available.first
}

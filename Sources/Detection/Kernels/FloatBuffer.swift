/// Zero-initialized floats at a fixed, cache-line-aligned address, for the kernels to work in.
///
/// The networks own their buffers and derive every offset from an ``AutoencoderShape``, whose
/// products are bounded; nothing outside reaches these pointers.
final class FloatBuffer {
  let count: Int
  let pointer: UnsafeMutablePointer<Float>

  init(_ count: Int) {
    self.count = count
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    pointer = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: max(count, 1))
  }

  convenience init(_ values: [Float]) {
    self.init(values.count)
    copy(from: values)
  }

  deinit { pointer.deallocate() }

  /// - Precondition: `values` has ``count`` elements.
  func copy(from values: [Float]) {
    precondition(values.count == count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: count) }
    }
  }

  func clear(_ length: Int? = nil) {
    pointer.update(repeating: 0, count: min(length ?? count, count))
  }

  var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

/// Blocks of 16 floats, by which rows are padded, as one vector: the compiler does not see that the
/// memory that loops read and write is not the same.
extension UnsafePointer<Float> {
  /// The 16 floats from `index` on.
  func block(_ index: Int) -> SIMD16<Float> {
    UnsafeRawPointer(self + index).loadUnaligned(as: SIMD16<Float>.self)
  }
}

extension UnsafeMutablePointer<Float> {
  /// Puts 16 floats at `index` and behind.
  func store(_ block: SIMD16<Float>, at index: Int) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: block, as: SIMD16<Float>.self)
  }
}

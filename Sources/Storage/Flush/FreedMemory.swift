import CKernels

/// Memory that was given back to the allocator, but not to the system.
enum FreedMemory {
  /// A memtable with so many new series left at least some hundred bytes of each lying between what
  /// the index took meanwhile; one with few does not pay for the system calls.
  static let newSeriesAtLeast = 1000

  /// Gives the system the pages that are free, which the C library does by itself only at the end of
  /// its heaps. Does nothing where it has no such call.
  static func release() { vigil_release_free_memory() }
}

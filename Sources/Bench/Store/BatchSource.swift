/// Gives batches of line protocol to several writers, each batch once.
actor BatchSource {
  private var stream: WorkloadStream

  init(_ workload: any Workload) { stream = WorkloadStream(workload) }

  /// Nil at the end.
  func next() -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 << 20)
    return stream.nextLines(into: &bytes) > 0 ? bytes : nil
  }
}

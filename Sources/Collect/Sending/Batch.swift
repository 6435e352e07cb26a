/// Lines that travel together: the body of one request.
struct Batch: Sendable, Hashable {
  /// Line protocol, gzip: made once, however often it is sent.
  var body: [UInt8]
  var lineCount: Int
}

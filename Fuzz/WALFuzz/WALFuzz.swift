@_spi(Fuzzing) import Storage

/// Takes arbitrary bytes for a WAL file, and for the payload of a record.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWAL(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  replayArbitraryWAL(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}

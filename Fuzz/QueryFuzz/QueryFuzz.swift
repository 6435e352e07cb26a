import Query

/// libFuzzer's entry: a text is refused, or its canonical text is read as the same statements.
/// Build with `-sanitize=fuzzer -parse-as-library`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzQuery(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  let parameters: [String: Expression] = ["a": .string("x"), "n": .integer(-1), "r": .regex("/*")]
  guard let statements = try? Parser.parse(text, parameters: parameters) else { return 0 }
  let canonical = statements.map(\.description).joined(separator: ";")
  guard let again = try? Parser.parse(canonical) else {
    fatalError("refused: \(canonical)")
  }
  precondition(again == statements, "read otherwise: \(canonical)")
  return 0
}

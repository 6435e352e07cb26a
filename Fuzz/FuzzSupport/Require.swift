/// Stops the fuzzer where a property does not hold. (`precondition` would, too, but says nothing in
/// optimized code.)
public func require(
  _ condition: Bool, _ message: @autoclosure () -> String = "a property does not hold",
  file: StaticString = #file, line: UInt = #line
) {
  if !condition { fatalError(message(), file: file, line: line) }
}

/// The benchmark could not go on.
public struct BenchError: Error, CustomStringConvertible {
  public var description: String

  public init(description: String) { self.description = description }
}

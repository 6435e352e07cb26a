import Detection
import Query

/// Options in WITH that are the model's as a whole, not its networks'
/// (``Detection/DetectorOptions``). They are read from the statement, which a model file holds.
struct ModelOptions: Sendable, Hashable {
  /// Versions kept, the newest included.
  var versions = 8
  /// Nanoseconds before the end of a training within which a group must have had rows for its model
  /// to be kept without being trained again.
  var expire: Int64 = 7 * 86_400_000_000_000

  private enum Setting: String, CaseIterable {
    case versions, expire
  }

  private static let versionRange: ClosedRange<Int64> = 1...100

  static func isKnown(_ name: String) -> Bool { Setting(rawValue: name) != nil }

  /// - Throws: ``DetectionError/invalidOption(name:reason:)``.
  init(_ statement: CreateModelStatement) throws {
    for option in statement.options {
      switch (Setting(rawValue: option.name), option.value) {
      case (nil, _): break
      case (.versions, .integer(let value)) where Self.versionRange.contains(value):
        versions = Int(value)
      case (.versions, _):
        throw DetectionError.invalidOption(
          name: option.name,
          reason: "'\(option.value)' is not an integer in "
            + "\(Self.versionRange.lowerBound)...\(Self.versionRange.upperBound)")
      case (.expire, .duration(let value)) where value > 0: expire = value
      case (.expire, _):
        throw DetectionError.invalidOption(
          name: option.name, reason: "'\(option.value)' is not a duration above 0")
      }
    }
  }
}

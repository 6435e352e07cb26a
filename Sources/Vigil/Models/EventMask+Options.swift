import Detection
import Query

/// `WITH (events = 'deployments', mask = 2m)`: options of CREATE MODEL that say nothing of the
/// network.
extension EventMask {
  private static let eventsOption = "events"
  private static let durationOption = "mask"

  static let optionNames: Set = [eventsOption, durationOption]

  private static let defaultDuration: Int64 = 120_000_000_000

  /// Nil where the statement names no events.
  ///
  /// - Throws: ``DetectionError`` for values that mean nothing.
  init?(_ statement: CreateModelStatement) throws(DetectionError) {
    func value(_ name: String) -> Expression? {
      statement.options.first { $0.name == name }?.value
    }
    let duration: Int64
    switch value(Self.durationOption) {
    case nil: duration = Self.defaultDuration
    case .duration(let given)? where given > 0: duration = given
    case let other?:
      throw .invalidOption(
        name: Self.durationOption, reason: "'\(other)' is no duration above 0, such as 2m")
    }
    switch value(Self.eventsOption) {
    case nil:
      guard value(Self.durationOption) == nil else {
        throw .invalidOption(
          name: Self.durationOption, reason: "there is nothing to mask without events")
      }
      return nil
    case .string(let name)? where statement.source.name == .literal(name):
      throw .invalidOption(
        name: Self.eventsOption, reason: "'\(name)' is what the model itself reads")
    case .string(let name)? where !name.isEmpty:
      self.init(measurement: name, duration: duration)
    case let other?:
      throw .invalidOption(
        name: Self.eventsOption, reason: "\(other) is no name of a measurement in single quotes")
    }
  }
}

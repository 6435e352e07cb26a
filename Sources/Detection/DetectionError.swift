/// What can go wrong in detection.
public enum DetectionError: Error, Sendable, Hashable {
  /// A group has fewer training windows than are needed.
  case tooLittleData(group: [String], windows: Int, needed: Int)
  /// Training left the finite numbers (a learning rate that is too high, for example).
  case nonFinite(String)
  /// The caller's cancellation check said so.
  case cancelled
  case invalidOption(name: String, reason: String)
  /// Arrays that do not fit together: the caller's mistake.
  case invalidInput(String)
  /// Bytes of a model file that cannot be; `offset` is where, from the file's start.
  case corruptModel(offset: Int, reason: String)
  case unsupportedVersion(Int)
}

extension DetectionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooLittleData(let group, let windows, let needed):
      let name = group.isEmpty ? "the data" : "group \(group.joined(separator: ","))"
      return
        "too little data to train a model: \(name) has \(windows) full windows, \(needed) are needed"
    case .nonFinite(let what): return "\(what) is not finite"
    case .cancelled: return "training was cancelled"
    case .invalidOption(let name, let reason): return "invalid option \(name): \(reason)"
    case .invalidInput(let reason): return "invalid input: \(reason)"
    case .corruptModel(let offset, let reason):
      return "corrupt model at byte \(offset): \(reason)"
    case .unsupportedVersion(let version): return "unsupported model version \(version)"
    }
  }
}

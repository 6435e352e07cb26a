import TimeSeries

/// What a model's newest version says of an older one that is kept.
struct ModelVersion: Sendable, Hashable {
  var number: Int
  /// When it came into force; nil is all of time.
  var inForce: Timestamp?
  /// Rows that a score of it depends on.
  var reach: Int

  static let fileKind = "model-versions"

  /// The name of a version's file. The number stands behind the last slash, so that no two versions
  /// of any models share a name.
  static func fileName(_ number: Int, of model: String) -> String { "\(model)/\(number)" }

  /// The model and number that ``fileName(_:of:)`` made a name of.
  static func parse(fileName: String) -> (model: String, number: Int)? {
    guard let slash = fileName.lastIndex(of: "/"),
      let number = Int(fileName[fileName.index(after: slash)...])
    else { return nil }
    let model = String(fileName[..<slash])
    return Self.fileName(number, of: model) == fileName ? (model, number) : nil
  }
}

/// `1:-:9 2:1700000000000000000:9`: number, in force since (`-` for all of time) and reach.
extension [ModelVersion] {
  var text: String {
    map { "\($0.number):\($0.inForce.map { "\($0)" } ?? "-"):\($0.reach)" }
      .joined(separator: " ")
  }

  /// Nil for a text that is not one of versions whose numbers and times ascend.
  init?(text: String) {
    self = []
    for part in text.split(separator: " ", omittingEmptySubsequences: false) where !text.isEmpty {
      let values = part.split(separator: ":", omittingEmptySubsequences: false)
      guard values.count == 3, let number = Int(values[0]), let reach = Int(values[2]), reach > 0
      else { return nil }
      let inForce = Timestamp(values[1])
      guard inForce != nil || values[1] == "-" else { return nil }
      append(ModelVersion(number: number, inForce: inForce, reach: reach))
    }
    guard zip(self, dropFirst()).allSatisfy({ $0.precedes($1) }) else { return nil }
  }
}

extension ModelVersion {
  func precedes(_ other: ModelVersion) -> Bool {
    number < other.number && (inForce ?? .min) < (other.inForce ?? .min)
  }
}

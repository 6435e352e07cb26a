import Foundation

/// What ``QualityBenchmark`` found.
public struct QualityReport: Sendable {
  public var fields: [String]
  public var options: String
  /// What training said: groups that could not be trained, and why.
  public var notes: [String]
  public var trainingSeconds: Double
  public var scoringSeconds: Double
  public var scores: [PodScores]
  public var table: DetectionTable

  public var text: String {
    let head =
      "fields \(fields.joined(separator: ", "))\n"
      + "options \(options.isEmpty ? "(the defaults)" : options)\n"
    return head + notes.map { $0 + "\n" }.joined() + "\n" + table.text + "\n" + table.faultText
      + String(
        format: "\ntrained in %.1f s, scored in %.2f s\n", trainingSeconds, scoringSeconds)
  }

  public func json() throws -> Data {
    struct Document: Encodable {
      var fields: [String]
      var options: String
      var notes: [String]
      var trainingSeconds: Double
      var scoringSeconds: Double
      var table: DetectionTableDocument
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(
      Document(
        fields: fields, options: options, notes: notes, trainingSeconds: trainingSeconds,
        scoringSeconds: scoringSeconds, table: DetectionTableDocument(table)))
  }
}

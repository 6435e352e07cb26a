import Foundation
import TimeSeries
import Vigil

/// Judges the detector on a labelled day with the product's own parts: line protocol into an
/// embedded database, CREATE MODEL over one span, the model's functions over everything.
public struct QualityBenchmark: Sendable {
  /// Line protocol; a name that ends in .gz is gzip.
  public var points: URL
  public var faults: [Fault]
  /// What the models are trained on.
  public var train: Range<Timestamp>
  /// Without faults: flags in it are false positives.
  public var free: Range<Timestamp>
  /// Faults injected in it count, others do not.
  public var faultSpan: Range<Timestamp>
  /// Nil takes those of ``defaultFields`` that the day has, or all numbers where it has none.
  public var fields: [String]?
  /// What WITH's parentheses hold; empty is the detector's defaults.
  public var options = ""
  public var interval = Span.minute
  /// The tag whose values the labels name.
  public var group = "pod"
  /// How long after its injection a fault shows.
  public var windowAfter = Span(text: "6m", nanoseconds: 360_000_000_000)

  /// The resource metrics of the published days.
  public static let defaultFields = [
    "cpu_usage", "memory_usage", "syscall_read", "syscall_write", "network_receive_bytes",
    "network_transmit_bytes",
  ]

  private static let database = "quality"

  public init(
    points: URL, faults: [Fault], train: Range<Timestamp>, free: Range<Timestamp>,
    faultSpan: Range<Timestamp>
  ) {
    self.points = points
    self.faults = faults
    self.train = train
    self.free = free
    self.faultSpan = faultSpan
  }

  /// Works in a temporary directory, which it removes.
  public func run() async throws -> QualityReport {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vigil-quality-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let database = try Database.open(at: directory.path)
    let report = try await run(in: database)
    try database.close()
    return report
  }

  /// Writes a picture for each pod, `POD.svg`.
  ///
  /// - Parameters:
  ///   - pods: those whose names begin with one of these; empty is all.
  ///   - directory: is made if it is not there.
  public func plot(_ report: QualityReport, pods: [String], into directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let asked = report.scores.filter { scores in
      pods.isEmpty || pods.contains { scores.pod.hasPrefix($0) }
    }
    for scores in asked {
      let plot = ScorePlot(
        scores: scores, faults: faults, train: train, free: free,
        faultWindow: windowAfter.nanoseconds)
      // A tag's value may hold what a file's name may not.
      let name = scores.pod.replacing("/", with: "_")
      try Data(plot.svg.utf8).write(to: directory.appendingPathComponent("\(name).svg"))
    }
  }

  private func run(in database: Database) async throws -> QualityReport {
    try await database.tables("CREATE DATABASE \(Self.database)")
    let lines = try LineProtocolFile.read(points)
    let outcome = try lines.withUnsafeBytes {
      try database.write(lineProtocol: $0, to: Self.database)
    }
    if let refused = outcome.rejections.first {
      throw BenchError(description: "line \(refused.line) refused: \(refused.reason)")
    }
    let measurement = try await measurement(in: database)
    let fields = try await fields(of: measurement, in: database)
    let grouping = "GROUP BY time(\(interval.text)), \(quoted(group))"
    let clock = ContinuousClock()
    var notes: [String] = []
    let training = try await clock.measure {
      let results = try await database.query(
        """
        CREATE MODEL judged ON \(Self.database)
        FROM \(quoted(measurement)) FIELDS \(fields.map(quoted).joined(separator: ", "))
        WHERE time >= \(train.lowerBound) AND time < \(train.upperBound)
        \(grouping) USING lstm_autoencoder\(options.isEmpty ? "" : " WITH (\(options))")
        """, in: Self.database)
      if let error = results.compactMap(\.error).first { throw BenchError(description: error) }
      notes = results.flatMap(\.messages).map(\.text)
    }
    var scores: [PodScores] = []
    let scoring = try await clock.measure {
      let tables = try await database.tables(
        "SELECT rl(judged), threshold(judged), anomaly(judged) "
          + "FROM \(quoted(measurement)) \(grouping)", in: Self.database)
      scores = tables.map(PodScores.init)
    }
    let counted = faults.filter { faultSpan.contains($0.injected) }
    return QualityReport(
      fields: fields, options: options, notes: notes, trainingSeconds: training / .seconds(1),
      scoringSeconds: scoring / .seconds(1), scores: scores,
      table: DetectionTable(
        scores: scores, faults: counted, free: free, faultWindow: windowAfter.nanoseconds,
        rowSpan: interval.nanoseconds))
  }

  private func measurement(in database: Database) async throws -> String {
    let names = try await database.tables("SHOW MEASUREMENTS", in: Self.database)
      .flatMap { $0.texts("name") }
    if names.count == 1 { return names[0] }
    guard names.contains("container") else {
      throw BenchError(
        description: "no measurement container, and not one alone: \(names.joined(separator: ", "))"
      )
    }
    return "container"
  }

  private func fields(of measurement: String, in database: Database) async throws -> [String] {
    if let fields { return fields }
    let tables = try await database.tables(
      "SHOW FIELD KEYS FROM \(quoted(measurement))", in: Self.database)
    let numbers = tables.flatMap { zip($0.texts("fieldKey"), $0.texts("fieldType")) }
      .filter { $0.1 == "float" || $0.1 == "integer" }.map(\.0)
    let known = Self.defaultFields.filter(numbers.contains)
    return known.isEmpty ? numbers : known
  }

  private func quoted(_ name: String) -> String {
    "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

extension PodScores {
  /// A group's rl, threshold and anomaly, as the model's functions give them.
  fileprivate init(_ table: ResultSeries) {
    func numbers(_ name: String) -> [Double] {
      guard let column = table.column(name) else { return [] }
      return (0..<table.rowCount).map { row in
        switch column[row] {
        case .float(let value)?: value
        case .integer(let value)?: Double(value)
        default: .nan
        }
      }
    }
    let thresholds = numbers("threshold")
    self.init(
      pod: table.tags.first?.value ?? "",
      timestamps: (0..<table.rowCount).map { row in
        if case .integer(let time)? = table.columns.first?[row] { time } else { 0 }
      },
      ratios: zip(numbers("rl"), thresholds).map { $0 / $1 },
      anomalies: numbers("anomaly").map { $0 == 1 }, threshold: thresholds.last)
  }
}

import AsyncHTTPClient
import Foundation
import TimeSeries

/// Asks a server that speaks InfluxDB 1.x's `/query`.
public struct QueryClient: Sendable {
  public struct Series: Decodable, Sendable {
    public var name: String
    public var tags: [String: String]?
    public var columns: [String]
    public var values: [[Double?]]
  }

  /// What the server, or the way to it, refused.
  public struct Failure: Error, CustomStringConvertible {
    public var description: String
  }

  private struct Answer: Decodable {
    struct Result: Decodable {
      var series: [Series]?
      var error: String?
    }
    var results: [Result]?
    var error: String?
  }

  let url: String
  let database: String

  public init(url: String, database: String) {
    self.url = url
    self.database = database
  }

  /// The series of a query whose columns are all numbers; times are milliseconds, which a Double
  /// holds exactly.
  public func query(_ text: String) async throws -> [Series] {
    var components = URLComponents(string: url + "/query")
    components?.queryItems = [
      URLQueryItem(name: "db", value: database), URLQueryItem(name: "q", value: text),
      URLQueryItem(name: "epoch", value: "ms"),
    ]
    guard let target = components?.string else { throw Failure(description: "not a URL: \(url)") }
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: target), timeout: .seconds(60))
    let body = try await response.body.collect(upTo: 256 << 20)
    let answer = try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    if let error = answer.error ?? answer.results?.compactMap(\.error).first {
      throw Failure(description: error)
    }
    return answer.results?.flatMap { $0.series ?? [] } ?? []
  }

  /// Scores of every pod, from a measurement with fields `anomaly`, `threshold` and, where there
  /// are to be ranks, `rl`, and a tag `pod`.
  public func scores(in measurement: String) async throws -> [PodScores] {
    let name = measurement.replacing("\"", with: "\\\"")
    return try await query("SELECT anomaly, threshold, rl FROM \"\(name)\" GROUP BY pod").map {
      series in
      func number(_ row: [Double?], _ column: Int) -> Double? {
        column < row.count ? row[column] : nil
      }
      // Rows without a score have no threshold.
      let scored = series.values.filter { number($0, 2) != nil }
      return PodScores(
        pod: series.tags?["pod"] ?? "",
        timestamps: scored.map { Timestamp($0.first.flatMap { $0 } ?? 0) * 1_000_000 },
        ratios: scored.map { (number($0, 3) ?? .nan) / (number($0, 2) ?? .nan) },
        anomalies: scored.map { (number($0, 1) ?? 0) != 0 },
        threshold: scored.last.flatMap { number($0, 2) })
    }
  }
}

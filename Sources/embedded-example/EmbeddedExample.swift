import Foundation
import Vigil

/// The smallest useful program: open a directory, write, ask, close.
@main
struct EmbeddedExample {
  static func main() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-example-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }

    let database = try Database.open(at: directory.path)
    try await database.query("CREATE DATABASE greenhouse")

    // Line protocol, as InfluxDB's clients send it. A bad line is refused by number; the rest stays.
    let outcome = try database.write(
      lineProtocol: """
        climate,bed=north temperature=18.5,humidity=61i 1767225600000000000
        climate,bed=north temperature=19.1,humidity=60i 1767225900000000000
        climate,bed=south temperature=21.4,humidity=48i 1767225600000000000
        climate,bed=south temperature=warm 1767225900000000000
        """, to: "greenhouse")
    for rejection in outcome.rejections { print("line \(rejection.line): \(rejection.reason)") }

    // Points, without the detour through text.
    var batch = PointBatch()
    let series = batch.internSeries(
      SeriesKey(measurement: "climate", tags: [Tag(key: "bed", value: "south")]).canonical)
    batch.beginPoint(series: series, timestamp: 1_767_225_900_000_000_000)
    batch.append(field: batch.internField("temperature"), float: 22.0)
    try database.write(batch, to: "greenhouse")

    let results = try await database.query(
      "SELECT mean(temperature), max(humidity) FROM climate GROUP BY bed", in: "greenhouse")
    for table in results.flatMap(\.series) {
      for row in 0..<table.rowCount {
        let cells = zip(table.columnNames, table.columns).dropFirst().map { name, column in
          "\(name)=\(column[row].map { "\($0)" } ?? "-")"
        }
        print(table.tags.map(\.value).joined(), cells.joined(separator: " "))
      }
    }
    try database.close()
  }
}

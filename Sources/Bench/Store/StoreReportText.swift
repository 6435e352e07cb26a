import Foundation

extension StoreReport {
  /// The tables for a terminal.
  ///
  /// - Parameter parts: which of them.
  public func text(_ parts: Set<StoreBenchmark.Part>) -> String {
    let load = loadAverageBefore.map { String(format: ", load average before %.2f", $0) } ?? ""
    return "\(processors) processors\(load), time span divided by \(scale)\n"
      + shapes.map { $0.text(parts) }.joined()
  }

  /// The whole report as one JSON document.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(self)
  }
}

extension StoreReport.Shape {
  fileprivate func text(_ parts: Set<StoreBenchmark.Part>) -> String {
    var text =
      "\n\(shape.rawValue): \(series) series, \(lines) lines, \(values) values, "
      + String(format: "%.1f h\n", spanSeconds / 3600)
    text += ingestTable(parts)
    if !parts.isDisjoint(with: [.size, .http]), !servers.isEmpty { text += sizeTable }
    if parts.contains(.queries), !servers.isEmpty { text += queryTable }
    return text
  }

  private func ingestTable(_ parts: Set<StoreBenchmark.Part>) -> String {
    var rows = [
      ["ingest", "M values/CPU s", "with background", "M values/s", "CPU s", "peak RSS MiB"]
    ]
    func add(_ name: String, _ ingest: StoreReport.Ingest) {
      rows.append([
        name, number(ingest.valuesPerCPUSecond(values) / 1e6),
        number(ingest.valuesPerSettledCPUSecond(values) / 1e6),
        number(Double(values) / ingest.seconds / 1e6), number(ingest.cpuSeconds),
        ingest.peakResidentBytes.map { "\($0 >> 20)" } ?? "-",
      ])
    }
    if let embedded { add("embedded, line protocol", embedded) }
    if let embeddedPoints { add("embedded, points", embeddedPoints) }
    if parts.contains(.http) {
      for server in servers { add("\(server.name), HTTP", server.ingest) }
    }
    return rows.count > 1 ? "\n" + AlignedTable(rows: rows).text : ""
  }

  private var sizeTable: String {
    var rows = [["disk and recovery", "bytes/value", "MiB", "recovery s", "values lost"]]
    for server in servers {
      rows.append([
        server.name, number(Double(server.diskBytes) / Double(values)),
        number(Double(server.diskBytes) / 1_048_576),
        server.recoverySeconds.map { number($0) } ?? "-",
        server.valuesLost.map { "\($0)" } ?? "-",
      ])
    }
    return "\n" + AlignedTable(rows: rows).text
  }

  /// Latencies of the first server, and behind them those of the others and how many times as long
  /// they are.
  private var queryTable: String {
    guard let first = servers.first else { return "" }
    let others = servers.dropFirst()
    var rows = [
      ["query, ms", "fresh", "warm", "KiB"]
        + others.flatMap { ["\($0.name) fresh", "warm", "warm ratio"] }
    ]
    for query in first.queries {
      var row = [
        query.name, number(query.freshMilliseconds), number(query.warmMilliseconds),
        number(Double(query.responseBytes) / 1024),
      ]
      for other in others {
        if let same = other.queries.first(where: { $0.name == query.name }) {
          row += [
            number(same.freshMilliseconds), number(same.warmMilliseconds),
            number(same.warmMilliseconds / query.warmMilliseconds),
          ]
        } else {
          row += ["-", "-", "-"]
        }
      }
      rows.append(row)
    }
    return "\n" + AlignedTable(rows: rows).text
  }

  /// Three significant digits or so.
  private func number(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
  }
}

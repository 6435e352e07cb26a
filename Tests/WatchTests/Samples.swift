import Query
import TimeSeries

@testable import Shell
@testable import Watch

/// `Tag` alone is also a type of the testing library.
typealias SeriesTag = TimeSeries.Tag

let second: Int64 = 1_000_000_000
/// 2026-01-01T00:00:00Z.
let midnight: Timestamp = 1_767_225_600 * second

extension ResultSeries {
  /// Columns from rows of values; the first column is the time where it is named so.
  init(
    _ name: String, pod: String? = nil, _ names: [String], _ rows: [[FieldValue?]]
  ) {
    let columns = names.indices.map { index in
      let cells = rows.map { $0[index] }
      return Column(cells, type: .common(cells.compactMap { $0?.type }))
    }
    self.init(
      name: name, tags: pod.map { [SeriesTag(key: "pod", value: $0)] } ?? [], columnNames: names,
      columns: columns, hasTime: names.first == "time")
  }
}

extension Health {
  /// A scored row, `time` in seconds after midnight.
  init(
    at time: Int64, loss: Double? = 0.5, threshold: Double? = 1, anomaly: Bool = false,
    state: String = "scored", shares: [String: Double] = [:]
  ) {
    self.init(
      time: midnight + time * second, loss: loss, threshold: threshold, anomaly: anomaly,
      state: state, shares: shares)
  }
}

extension WatchedContainer {
  init(_ name: String, health: Health? = nil, cpu: [Double?] = []) {
    self.init(
      name: name, lastRow: midnight, values: ["cpu_usage": cpu], health: health)
  }
}
